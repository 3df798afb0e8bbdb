"""Where a training runs: whatever is found, the processor, or a GPU."""

import keras

from shared.errors import UserError

DEVICES = ("auto", "cpu", "gpu")


def use_device(device: str) -> None:
    """Chooses the device; call it before the first operation.

    Args:
        device: One of `DEVICES`; auto is a GPU if there is one.

    Raises:
        UserError: If a GPU is asked for and none is found.
    """
    if device == "auto":
        return
    on_jax = keras.backend.backend() == "jax"
    if on_jax:
        import jax

        if device == "cpu":
            jax.config.update("jax_platforms", "cpu")
        found = [d for d in jax.devices() if d.platform != "cpu"]
    else:
        import tensorflow as tf

        if device == "cpu":
            tf.config.set_visible_devices([], "GPU")
        found = tf.config.get_visible_devices("GPU")
    if device == "gpu" and not found:
        raise UserError(
            f"--device=gpu: {keras.backend.backend()} finds none; leave the "
            "flag out to train on the processor"
        )
