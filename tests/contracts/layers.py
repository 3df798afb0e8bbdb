"""What every layer must keep, checked in one call."""

import keras
import numpy as np
from keras import ops

from tests.contracts.gradients import (
    check_learns,
    input_gradients,
    weight_gradients,
)


def check_layer(layer_class, config, inputs, folder, atol=1e-5):
    """Checks a layer of one input: config, shapes, gradients, saving.

    Config round trip with equal weights and outputs; symbolic shape and dtype
    equal to the eager ones; finite, non-zero gradients to the input and to
    every trainable weight; mixed precision returns float16, finite and near
    the float32 result; a `.keras` file gives the same outputs.

    Args:
        layer_class: The class.
        config: Constructor arguments.
        inputs: [N, ...] float32 array, not constant, best not square.
        folder: Where the `.keras` file may be written.
        atol: Absolute tolerance between equal computations.

    Returns:
        The built layer, for the caller's own oracle.
    """
    layer = layer_class(**config)
    eager = layer(inputs)

    symbol = keras.Input(inputs.shape[1:], dtype="float32")
    symbolic = layer(symbol)
    assert tuple(symbolic.shape)[1:] == tuple(eager.shape)[1:]
    assert tuple(layer.compute_output_shape(inputs.shape)) == eager.shape
    assert keras.backend.standardize_dtype(
        symbolic.dtype
    ) == keras.backend.standardize_dtype(eager.dtype)

    copy = layer_class.from_config(layer.get_config())
    assert _plain(copy.get_config()) == _plain(layer.get_config())
    copy(inputs)
    copy.set_weights(layer.get_weights())
    np.testing.assert_allclose(copy(inputs), eager, atol=atol)

    (gradient,) = input_gradients(layer, [inputs])
    check_learns({"input": gradient})
    if layer.trainable_variables:
        check_learns(weight_gradients(layer, inputs))

    half = layer_class(**{**config, "dtype": "mixed_float16"})
    half_output = half(inputs)
    half.set_weights(layer.get_weights())
    half_output = half(inputs)
    assert keras.backend.standardize_dtype(half_output.dtype) == "float16"
    difference = np.abs(
        ops.convert_to_numpy(ops.cast(half_output, "float32"))
        - ops.convert_to_numpy(eager)
    )
    # float16 keeps three digits; a position or a sum may lose one of them.
    scale = max(1.0, float(np.abs(ops.convert_to_numpy(eager)).max()))
    assert difference.max() < 0.03 * scale
    assert half.variable_dtype == "float32"

    path = str(folder / "layer.keras")
    keras.Model(symbol, symbolic).save(path)
    loaded = keras.saving.load_model(path, safe_mode=True)
    np.testing.assert_allclose(loaded(inputs), eager, atol=atol)
    return layer


def _plain(config):
    """A config without the names that Keras numbers afresh."""
    if isinstance(config, dict):
        return {
            key: _plain(value)
            for key, value in config.items()
            if key not in ("build_config", "shared_object_id")
        }
    if isinstance(config, list | tuple):
        return [_plain(value) for value in config]
    return config
