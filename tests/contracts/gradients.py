"""Gradients on either backend, and what they are held against."""

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


def compiled(function):
    """Returns the function as one graph of the running backend."""
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        return tf.function(function)
    import jax

    return jax.jit(function)


def in_float64(call):
    """Runs a function of nothing where float64 stays float64."""
    if keras.backend.backend() == "jax":
        import jax

        with jax.enable_x64(True):
            return call()
    return call()


def check_gradients(
    function,
    *inputs,
    moving=None,
    step=1e-6,
    tolerance=1e-6,
    seed=0,
    rough=False,
):
    """Compares gradients with central differences in float64.

    The output is weighted by random numbers, so that a gradient sent to the
    wrong place is noticed, and every input is moved along three random
    directions, one input at a time. Fails where the slopes differ by more
    than `tolerance` of the larger of 1 and the slope.

    Args:
        function: Of tensors, returning a tensor.
        *inputs: Float arrays.
        moving: Positions of the inputs to move; None for all.
        step: How far, in float64.
        tolerance: Relative and absolute, of a slope.
        seed: Of the random numbers.
        rough: Whether the function computes in float32 on the way, as Keras'
            means do on JAX: it is moved 1e-3 along the signs of its gradient
            (a random direction nearly cancels), and may differ by 5 %.
    """
    moving = range(len(inputs)) if moving is None else moving
    if rough:
        step, tolerance = 1e-3, 0.05
    inputs = [np.asarray(value, "float64") for value in inputs]

    def check():
        rng = np.random.default_rng(seed)
        output = np.asarray(function(*inputs))
        assert output.dtype == np.float64
        weights = rng.normal(size=output.shape)

        def weighted(*values):
            return function(*values) * ops.convert_to_tensor(weights)

        def total(*values):
            return float(ops.sum(weighted(*values)))

        found = input_gradients(weighted, inputs)
        for index in moving:
            value = inputs[index]
            for _ in range(3):
                direction = rng.normal(size=value.shape)
                if rough:
                    signs = np.sign(found[index])
                    direction = signs * rng.uniform(0.5, 1.0, value.shape)
                ends = []
                for sign in (1, -1):
                    moved = list(inputs)
                    moved[index] = value + sign * step * direction
                    ends.append(total(*moved))
                measured = (ends[0] - ends[1]) / (2 * step)
                slope = float((found[index] * direction).sum())
                assert abs(slope) > 0
                np.testing.assert_allclose(
                    slope,
                    measured,
                    rtol=tolerance,
                    atol=tolerance,
                    err_msg=f"input {index}",
                )

    in_float64(check)
