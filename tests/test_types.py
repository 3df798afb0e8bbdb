"""What others call from Python says which types it takes and gives."""

import importlib
import inspect

import pytest

MODULES = (
    "shared.runtime",
    "shared.images",
    "stegastamp.api",
    "stego.api",
    "dcgan.api",
    "malicious_ae.api",
    "agns.api",
)


def _public(module):
    """(name, function) of what a module defines for others, methods too."""
    for name, item in vars(module).items():
        if name.startswith("_") or getattr(item, "__module__", "") != (
            module.__name__
        ):
            continue
        if inspect.isfunction(item):
            yield name, item
        elif inspect.isclass(item):
            for member, method in vars(item).items():
                function = getattr(method, "fget", method)
                if inspect.isfunction(function) and (
                    not member.startswith("_") or member == "__init__"
                ):
                    yield f"{name}.{member}", function


def _untyped(function):
    """Names of the parameters without a type; "return" for the answer."""
    signature = inspect.signature(function)
    for name, parameter in signature.parameters.items():
        if name != "self" and parameter.annotation is parameter.empty:
            yield name
    if signature.return_annotation is signature.empty:
        yield "return"


@pytest.mark.parametrize("name", MODULES)
def test_the_public_api_has_types(name):
    functions = dict(_public(importlib.import_module(name)))
    assert functions
    untyped = {key: [*_untyped(one)] for key, one in functions.items()}
    assert {key: names for key, names in untyped.items() if names} == {}


def test_what_has_no_types_is_seen():
    def function(self, first: int, second, *, third=0):
        pass

    assert [*_untyped(function)] == ["second", "third", "return"]


@pytest.mark.parametrize(
    ("package", "names"),
    [
        ("stegastamp", {"Decoder", "Encoder"}),
        ("stego", {"Decoder", "Encoder", "Message"}),
        ("dcgan", {"Generator"}),
        ("malicious_ae", {"Attacker", "Segmenter"}),
    ],
)
def test_what_a_package_hands_out_is_in_its_api(package, names):
    api = importlib.import_module(f"{package}.api")
    handed = importlib.import_module(package)
    assert names <= set(handed.__all__)
    for name in handed.__all__:
        assert getattr(handed, name) is getattr(api, name)
