"""A Keras model as the graph that converters take, and where files are made."""

import contextlib
import os
import shutil
import tempfile
from pathlib import Path

import keras

from shared.text import is_utf8


class ExportError(RuntimeError):
    """An export that its runtime refuses, or that computes something else."""


def check_exportable(model, path) -> None:
    """Raises ExportError where a model cannot become a file of that name."""
    if not is_utf8(str(path)):
        raise ExportError(
            f"{path}: exporters take only paths in UTF-8; name another"
        )
    if keras.backend.backend() != "tensorflow":
        raise ExportError(
            "exporting needs the TensorFlow backend: set "
            "KERAS_BACKEND=tensorflow (weights are the same on every backend)"
        )
    for layer in _leaves(model):
        if layer.compute_dtype != "float32":
            raise ExportError(
                f"layer `{layer.name}` computes in {layer.compute_dtype}: "
                "build the network under the float32 policy and load the "
                "weights into it"
            )


def _leaves(model):
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            yield from _leaves(layer)
        else:
            yield layer


def output_names(model) -> list[str]:
    """What a model's outputs are called in files, in order."""
    if isinstance(model.output, dict):
        return keras.tree.flatten({name: name for name in model.output})
    return list(model.output_names)


def call(model, tensors: list) -> dict:
    """Calls the model on its inputs in order, by the names of its outputs."""
    structure = keras.tree.pack_sequence_as(model.input, tensors)
    outputs = keras.tree.flatten(model(structure, training=False))
    return dict(zip(output_names(model), outputs, strict=True))


def signature(model) -> list:
    """The TensorSpecs of a model's inputs, with a free batch size."""
    import tensorflow as tf

    return [
        tf.TensorSpec((None, *tensor.shape[1:]), tensor.dtype, tensor.name)
        for tensor in model.inputs
    ]


def serving_function(model):
    """The `tf.function` from a model's inputs to its outputs by name."""
    import tensorflow as tf

    @tf.function(input_signature=signature(model), autograph=False)
    def serve(*tensors):
        return call(model, list(tensors))

    return serve


def save_graph(model, directory) -> None:
    """Writes a SavedModel that needs none of our code to load."""
    import tensorflow as tf

    module = tf.Module()
    module.serve = serving_function(model)
    # The module must own every variable that the function reads.
    module.weights = [variable.value for variable in model.variables]
    tf.saved_model.save(
        module, str(directory), {"serving_default": module.serve}
    )


@contextlib.contextmanager
def made_beside(target: Path):
    """Yields a free name beside `target`, renamed to it on success."""
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(
        tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent)
    )
    # Same suffix: runtimes tell formats apart by it.
    temporary = folder / target.name
    try:
        yield temporary
        if temporary.is_dir() and target.is_dir():
            # A folder cannot be renamed onto one that holds files.
            target.rename(folder / "replaced")
        os.replace(temporary, target)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
