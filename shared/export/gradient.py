"""The gradient of an exported network, compared with Keras'."""

from pathlib import Path

import numpy as np

from shared.export.compare import TOLERANCE
from shared.export.graph import ExportError, made_beside
from shared.onnx_gradient import write_gradient
from shared.runtime import open_session


def export_gradient(model, path, target, key: str, examples: dict) -> dict:
    """Writes `write_gradient`'s file, once it computes what Keras does.

    Args:
        model: The Keras model that `path` was exported from.
        path, target, key: As in `write_gradient`; both in one folder.
        examples: Array [3, ...] by the name of the model's input.

    Returns:
        The largest difference of `gradient`, as a share of its range.

    Raises:
        ExportError: If the network has a layer of another kind, or the file
            computes something else.
    """
    import tensorflow as tf

    path, target = Path(path), Path(target)
    (image,) = examples.values()
    bits = model.output.shape[1]
    sign = np.where(np.arange(3 * bits).reshape(3, bits) % 3, 1.0, -1.0)
    inputs = {"sign": sign.astype("float32"), "margin": np.float32([2.0])}
    with tf.GradientTape() as tape:
        shown = tf.constant(image)
        tape.watch(shown)
        told = inputs["sign"] * model(shown, training=False)
        loss = tf.reduce_mean(tf.square(tf.nn.relu(2.0 - told)), axis=1)
    wanted = tape.gradient(loss, shown).numpy()
    with made_beside(target) as temporary:
        try:
            write_gradient(path, temporary, key)
        except ValueError as error:
            raise ExportError(str(error)) from error
        inputs[model.input.name] = image
        session = open_session(temporary, weights_dir=path.parent)
        found = session.run(["gradient"], inputs)[0]
        share = float(np.abs(found - wanted).max() / np.ptp(wanted))
        if not share <= TOLERANCE:
            raise ExportError(
                f"{target}: `gradient` is {share:.1e} of its range away from "
                f"Keras' (at most {TOLERANCE:.0e})"
            )
    return {"gradient": share}
