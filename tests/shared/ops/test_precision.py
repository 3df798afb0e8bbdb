"""In which floating type image operations compute."""

import keras
import numpy as np
import pytest

from shared.ops.precision import dtype_policy, to_compute_dtype


@pytest.mark.parametrize("dtype", ["uint8", "float16", "float32"])
def test_values_of_all_types_become_float32(dtype):
    values = to_compute_dtype(np.array([0, 1, 3], dtype))
    assert keras.backend.standardize_dtype(values.dtype) == "float32"
    np.testing.assert_array_equal(values, [0, 1, 3])


def test_lists_of_numbers_are_taken():
    np.testing.assert_array_equal(to_compute_dtype([0.5, 2]), [0.5, 2])


def test_a_policy_ends_with_its_block_even_where_that_fails():
    before = keras.config.dtype_policy().name
    with pytest.raises(KeyError), dtype_policy("mixed_bfloat16"):
        assert keras.config.dtype_policy().name == "mixed_bfloat16"
        raise KeyError
    assert keras.config.dtype_policy().name == before
