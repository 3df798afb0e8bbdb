"""Class weights out of a file."""

import json
import types

import numpy as np
import pytest

from malicious_ae.weighing import class_weights
from shared.errors import UserError

FRAMES = types.SimpleNamespace(classes=types.SimpleNamespace(count=3))


def test_weights_of_a_file_are_taken_but_for_ignored_classes(tmp_path):
    path = tmp_path / "weights.json"
    path.write_text("[1, 2.5, 4]")
    found = class_weights(FRAMES, "enet", [1], path)
    np.testing.assert_array_equal(found, np.float32([1, 0, 4]))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (json.dumps([1, 2]), "holds 2 weights for 3 classes"),
        ('{"road": 1}', "no JSON list of numbers"),
        ("null", "holds 1 weights for 3 classes"),
        ("[1, 2,", "no JSON list of numbers"),
        (None, "no JSON list of numbers"),
    ],
)
def test_what_is_no_list_of_weights_is_named(tmp_path, content, words):
    path = tmp_path / "weights.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UserError, match=words):
        class_weights(FRAMES, "enet", [], path)
