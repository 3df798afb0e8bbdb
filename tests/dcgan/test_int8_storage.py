"""8-bit storage: within half a level, a quarter of the size, same answers."""

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from dcgan.api import Generator
from dcgan.int8_storage import compact_onnx, quantize
from tests.dcgan.models import write_generator


@given(
    arrays.arrays(
        np.float32,
        arrays.array_shapes(min_dims=2, max_dims=4),
        elements=st.floats(-1000, 1000, width=32),
    ),
    st.integers(0, 3),
)
def test_no_weight_moves_by_more_than_half_a_level(values, axis):
    axis = axis % values.ndim
    levels, scales = quantize(values, axis)
    assert levels.dtype == np.int8 and scales.shape == (values.shape[axis],)
    shape = [-1 if i == axis else 1 for i in range(values.ndim)]
    scales = scales.reshape(shape).astype(np.float64)
    assert np.all(np.abs(levels * scales - values) <= 0.5001 * scales)


def test_a_compacted_model_is_small_and_draws_the_same(tmp_path):
    write_generator(tmp_path / "m", size=64, channels=3)
    path = tmp_path / "m" / "generator.onnx"
    before, size = Generator(tmp_path / "m").generate(8), path.stat().st_size
    compact_onnx(path)
    assert path.stat().st_size < 0.6 * size  # each column has a scale
    after = Generator(tmp_path / "m")
    assert after.metadata["step"] == 7
    difference = np.abs(after.generate(8).astype(int) - before)
    assert 0 < difference.max() <= 8


def test_small_arrays_and_integers_stay(tmp_path):
    write_generator(tmp_path / "m", size=8)
    path = tmp_path / "m" / "generator.onnx"
    before = onnx.load(path)
    compact_onnx(path)
    assert onnx.load(path).graph == before.graph


@pytest.mark.parametrize("axis", [0, 1])
def test_a_channel_of_zeros_stays_zero(axis):
    values = np.zeros((3, 4), np.float32)
    levels, scales = quantize(values, axis)
    assert not levels.any() and np.isfinite(scales).all()
