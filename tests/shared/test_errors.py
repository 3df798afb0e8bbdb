"""What bad arguments and bad input are told."""

import pytest

from shared.errors import UserError, check_choice, error_line


@pytest.mark.parametrize("value", ["c", None, 3])
@pytest.mark.parametrize("choices", [("a", "b"), {"a": 1, "b": 2}])
def test_a_choice_that_there_is_not_names_those_that_there_are(value, choices):
    message = f"^`kind` must be one of a, b. Received: {value!r}$"
    with pytest.raises(ValueError, match=message):
        check_choice("kind", value, choices)


def test_a_choice_may_be_a_number():
    check_choice("channels", 3, (1, 3))
    with pytest.raises(ValueError, match="must be one of 1, 3. Received: 2$"):
        check_choice("channels", 2, (1, 3))


def test_an_error_is_one_line():
    error = UserError("photo.png: is\nbroken\x1b")
    assert error_line(error) == "error: photo.png: is broken\\x1b"
