"""What a secret decides stays decided."""

import numpy as np

from shared.noise import noise, shuffle


def test_the_numbers_never_change():
    # Files that are hidden today are read with these.
    assert noise(b"secret", 8, b"label").hex() == "e5a69d4a6b843d83"
    assert shuffle(b"secret", 8, b"label").tolist() == [1, 2, 6, 3, 4, 5, 7, 0]


def test_more_begins_as_less_and_every_byte_of_both_names_counts():
    first = noise(b"secret", 16, b"label")
    assert noise(b"secret", 40, b"label")[:16] == first
    for secret, label in ((b"secreu", b"label"), (b"secret", b"labem")):
        assert noise(secret, 16, label) != first


def test_an_order_holds_every_number_once():
    order = shuffle(b"secret", 1000, b"")
    np.testing.assert_array_equal(np.sort(order), np.arange(1000))
    assert abs(np.corrcoef(order, np.arange(1000))[0, 1]) < 0.1
