"""What every layer and every loss must keep, checked in one call each."""

import keras
import numpy as np
from keras import ops


def input_gradients(function, inputs):
    """Gradients of sum(function(*inputs)) by each input, on any backend.

    Args:
        function: Of tensors, returning a tensor.
        inputs: List of float arrays.

    Returns:
        List of arrays, shaped as `inputs`.
    """
    tensors = [ops.convert_to_tensor(value) for value in inputs]
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(tensors)
            total = ops.sum(function(*tensors))
        gradients = tape.gradient(total, tensors, unconnected_gradients="zero")
    else:
        import jax

        gradients = jax.jit(
            jax.grad(lambda values: ops.sum(function(*values)))
        )(tensors)
    return [ops.convert_to_numpy(gradient) for gradient in gradients]


def weight_gradients(layer, inputs):
    """Gradients of a layer's summed squared output by its weights.

    Args:
        layer: Built layer.
        inputs: Array.

    Returns:
        Dictionary from weight path to array.
    """
    variables = layer.trainable_variables
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            total = ops.sum(ops.square(layer(inputs)))
        gradients = tape.gradient(total, [v.value for v in variables])
    else:
        import jax

        frozen = [v.value for v in layer.non_trainable_variables]

        def total(values):
            output, _ = layer.stateless_call(values, frozen, inputs)
            return ops.sum(ops.square(output))

        gradients = jax.jit(jax.grad(total))([v.value for v in variables])
    return {
        variable.path: ops.convert_to_numpy(gradient)
        for variable, gradient in zip(variables, gradients, strict=True)
    }


def check_learns(gradients):
    """Asserts that each gradient is finite and not zero throughout."""
    for name, gradient in gradients.items():
        assert np.isfinite(gradient).all(), f"{name}: gradient not finite"
        assert np.abs(gradient).max() > 0, f"{name}: gradient is zero"


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


def check_loss(loss, images, others, shape, must_learn=(0, 1)):
    """Checks a per-example loss or differentiable metric of two batches.

    The result has the given shape and is float32; each row depends on its
    own example only; gradients to the inputs that must learn are finite, not
    zero, and equal finite differences in float64; float16 inputs are computed
    in float32; it runs compiled.

    Args:
        loss: Function of two arrays [N, ...].
        images: [N, ...] float32 array, N at least 2.
        others: The same, different from `images`.
        shape: Expected shape of the result.
        must_learn: Positions of the inputs which gradients must reach.
    """
    result = loss(images, others)
    assert tuple(result.shape) == tuple(shape)
    assert keras.backend.standardize_dtype(result.dtype) == "float32"
    result = ops.convert_to_numpy(result)
    assert np.isfinite(result).all()
    for row in range(len(images)):
        alone = loss(images[row : row + 1], others[row : row + 1])
        np.testing.assert_allclose(
            ops.convert_to_numpy(alone)[0], result[row], rtol=1e-4, atol=1e-6
        )

    gradients = input_gradients(loss, [images, others])
    check_learns({f"input {i}": gradients[i] for i in must_learn})
    for position in must_learn:
        _check_finite_difference(
            loss, [images, others], position, gradients[position]
        )

    half = loss(images.astype("float16"), others.astype("float16"))
    assert keras.backend.standardize_dtype(half.dtype) == "float32"
    np.testing.assert_allclose(
        ops.convert_to_numpy(half), result, rtol=0.02, atol=1e-3
    )
    np.testing.assert_allclose(
        compiled(loss)(images, others), result, rtol=1e-4, atol=1e-6
    )


def compiled(function):
    """Returns the function as one graph of the running backend."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function)
    import jax

    return jax.jit(function)


def _check_finite_difference(loss, inputs, position, gradient):
    """One random direction, in float64 where the backend has it."""
    wide = keras.backend.backend() == "tensorflow"
    dtype, step, rtol = (
        ("float64", 1e-6, 1e-3)
        if wide
        else (
            "float32",
            1e-3,
            0.05,
        )
    )
    inputs = [value.astype(dtype) for value in inputs]
    rng = np.random.default_rng(11)
    # Along the gradient's signs: a random direction nearly cancels.
    direction = np.sign(gradient) * rng.uniform(0.5, 1.0, gradient.shape)
    totals = []
    for sign in (1, -1):
        moved = list(inputs)
        moved[position] = (inputs[position] + sign * step * direction).astype(
            dtype
        )
        totals.append(float(np.sum(ops.convert_to_numpy(loss(*moved)))))
    measured = (totals[0] - totals[1]) / (2 * step)
    expected = float(np.sum(gradient * direction))
    np.testing.assert_allclose(measured, expected, rtol=rtol)


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
