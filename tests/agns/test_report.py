"""The table of a recogniser counts."""

import numpy as np
import pytest

from agns.report import accuracy_table, confusion_matrix


def test_the_table_counts():
    found = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]])
    labels = np.array([0, 1, 1])
    table = accuracy_table(found, labels, ["Anna", "Ben"])
    assert (table["right"], table["photos"]) == (2, 3)
    assert table["people"] == {"Anna": 1.0, "Ben": 0.5}
    assert table["true_probability"] == pytest.approx((0.9 + 0.4 + 0.8) / 3)
    np.testing.assert_array_equal(
        confusion_matrix(found, labels), [[1, 0], [1, 1]]
    )
