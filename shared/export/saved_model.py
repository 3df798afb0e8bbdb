"""SavedModels, which TensorFlow Serving reads."""

from pathlib import Path

from shared.export.compare import compare
from shared.export.graph import check_exportable, made_beside, save_graph


def export_saved_model(
    model,
    directory,
    version: int = 1,
    examples: dict | None = None,
    decisions: bool = False,
) -> dict[str, float]:
    """Writes `directory/version/`, the layout model servers read.

    The signature `serving_default` has the names of the model's inputs and
    outputs and a free batch size, and needs none of our code to load.

    Args:
        model: As in `compare`.
        directory: Folder of the served model; an existing version in it is
            replaced.
        version: Number of the version, from 1.
        examples, decisions: As in `compare`.

    Returns:
        The largest difference of each output, as a share of its range.

    Raises:
        ExportError: If the file does not load or computes something else.
    """
    import tensorflow as tf

    target = Path(directory) / str(version)
    check_exportable(model, target)
    with made_beside(target) as temporary:
        save_graph(model, temporary)
        loaded = tf.saved_model.load(str(temporary))
        signature = loaded.signatures["serving_default"]

        def predict(arrays):
            tensors = {k: tf.constant(v) for k, v in arrays.items()}
            return {k: v.numpy() for k, v in signature(**tensors).items()}

        return compare(
            model, predict, str(target), examples, decisions=decisions
        )
