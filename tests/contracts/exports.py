"""What every package's export must keep, checked in one call."""

import json

import numpy as np

from shared.export import TOLERANCE, compare, onnx_predictor
from shared.export.half import TOLERANCE as HALF_TOLERANCE
from shared.runtime import ExportedNetwork


def check_export(
    export,
    run_dir,
    save_dir,
    *,
    half=False,
    litert=False,
    saved_model=True,
    **settings,
):
    """Exports a run, and checks what is written.

    There are the files that were asked for and no other. Read as a run, the
    folder gives networks with the run's own weights (in 16 bits: near them).
    Each file answers as they do in its own runtime, on batches of 1 and of 3
    which the exporter did not see, by the same names. What an ONNX file says of
    itself is what the package's API reads.

    Args:
        export: A package's module `export`.
        run_dir: A run, trained or not.
        save_dir: Folder to make.
        half, litert, saved_model: As `shared.export.command.export_run`.
        settings: Further arguments of the package's `read_run`.

    Returns:
        The run that `save_dir` holds, for the caller's own oracle.
    """
    files = dict(half=half, litert=litert, saved_model=saved_model)
    found = export.export_run(run_dir, save_dir, **files, **settings)
    tolerance = HALF_TOLERANCE if half else TOLERANCE
    for path, shares in found.items():
        assert all(share <= tolerance for share in shares.values()), path

    # What 16 bits keep of a number: eleven digits of two.
    rtol, atol = (1e-3, 1e-4) if half else (0, 0)
    whole = export.read_run(run_dir, **settings)
    run = export.read_run(save_dir, **settings)
    served = (run.served or run.parts) if saved_model else {}
    predictors = {f"{name}/1": _saved_model for name in served}
    # Compared with Keras by the exporter: they are no part's outputs.
    gradients = set()
    for name, part in run.parts.items():
        predictors[f"{name}.onnx"] = onnx_predictor
        if litert:
            predictors[f"{name}.tflite"] = _litert
        if part.gradient:
            gradients.add(part.gradient)
        said = ExportedNetwork(
            save_dir / f"{name}.onnx", run.package, part.metadata["role"]
        ).metadata
        assert said == json.loads(json.dumps(whole.parts[name].metadata))
        weights = whole.parts[name].network.get_weights()
        for one, two in zip(weights, part.network.get_weights(), strict=True):
            np.testing.assert_allclose(one, two, rtol, atol)
    names = {path.relative_to(save_dir).as_posix() for path in found}
    assert names == set(predictors) | gradients
    written = {f"{name}.weights.h5" for name in run.parts} | {"config.json"}
    written |= {name.removesuffix("/1") for name in predictors} | gradients
    assert {path.name for path in save_dir.iterdir()} == written

    for name, predictor in predictors.items():
        stem = name.removesuffix("/1").removesuffix(".tflite")
        part = (served | run.parts)[stem.removesuffix(".onnx")]
        examples = {
            key: np.ascontiguousarray(np.flip(values, (0, 1)))
            for key, values in part.compared["examples"].items()
        }
        compare(
            part.network,
            predictor(save_dir / name),
            name,
            examples,
            tolerance,
            part.decisions,
        )
    return run


def _saved_model(path):
    import tensorflow as tf

    # Held by what is returned: its variables go with it.
    loaded = tf.saved_model.load(str(path))

    def predict(arrays):
        tensors = {key: tf.constant(value) for key, value in arrays.items()}
        outputs = loaded.signatures["serving_default"](**tensors)
        return {key: value.numpy() for key, value in outputs.items()}

    return predict


def _litert(path):
    import tensorflow as tf

    interpreter = tf.lite.Interpreter(str(path))
    runner = interpreter.get_signature_runner("serving_default")
    return lambda arrays: runner(**arrays)
