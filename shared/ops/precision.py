"""The floating types in which networks and image operations compute."""

import contextlib

import keras
from keras import backend, ops


@contextlib.contextmanager
def dtype_policy(name):
    """Builds what is built inside under another dtype policy.

    Args:
        name: Name of a Keras dtype policy.
    """
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def to_compute_dtype(values):
    """Convert to float64 if already that, else to float32.

    Image operations lose whole pixels or quantisation steps in bfloat16 or
    float16, so they leave the mixed-precision policy aside; float64 is kept
    for finite-difference checks. Returns a tensor of the same shape.
    """
    if hasattr(values, "dtype"):
        dtype = backend.standardize_dtype(values.dtype)
    else:
        dtype = "float32"
    return (
        ops.convert_to_tensor(values, dtype="float64")
        if dtype == "float64"
        else ops.cast(values, "float32")
    )
