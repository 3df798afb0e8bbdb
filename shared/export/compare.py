"""What a runtime computes from a file, beside what Keras computes."""

import keras
import numpy as np

from shared.export.graph import ExportError, call

BATCH_SIZES = (1, 3)
TOLERANCE = 1e-4
# Of classes that are decided: the share that may be others, and how near two
# logits must be, as a share of the output's range, to be as good as equal.
DECISIONS = 1e-4
NEAR_TIE = 2e-3


def compare(
    model,
    predict,
    name: str,
    examples: dict | None = None,
    tolerance: float = TOLERANCE,
    decisions: bool = False,
) -> dict[str, float]:
    """Compares a runtime with the Keras model on batches of 1 and 3.

    A difference is counted as a share of the output's range, which is the
    distance between the least and the greatest of its values and zero; where
    `decisions` count, as the share of them that are another class and no near
    tie. A network that compares values, as max-unpooling does, answers
    otherwise where two are equal to the last bit, and what it decides there
    was as good as equal before.

    Args:
        model: Built Keras model in float32, with named inputs. Outputs are
            named by their dictionary keys, else by their last layers.
        predict: Function from named input arrays to named output arrays.
        name: What messages call the export.
        examples: Optional arrays [3, ...] by input name.
            Default: uniform noise in [0, 1), the same at each call.
        tolerance: Greatest share of the range that may differ.
        decisions: Whether outputs are logits [N, ..., classes] that are judged
            by which is greatest: at most `DECISIONS` of them may be another
            class, not counting those where the Keras model's own two logits
            are within `NEAR_TIE` of its range.

    Returns:
        The largest share of each output.

    Raises:
        ExportError: If an output is missing, has another shape or differs by
            more than `tolerance`, or `predict` fails.
    """
    if examples is None:
        examples = _noise(model)
    largest: dict[str, float] = {}
    for size in BATCH_SIZES:
        batch = {key: array[:size] for key, array in examples.items()}
        expected = _predict_keras(model, batch)
        try:
            received = predict(batch)
        except Exception as error:
            raise ExportError(
                f"{name}: fails on a batch of {size}: {error}"
            ) from error
        if set(received) != set(expected):
            raise ExportError(
                f"{name}: its outputs are {sorted(received)}, those of the "
                f"Keras model {sorted(expected)}"
            )
        for key, wanted in expected.items():
            found = received[key]
            if found.shape != wanted.shape:
                raise ExportError(
                    f"{name}: output `{key}` has the shape {found.shape}, "
                    f"that of the Keras model {wanted.shape}"
                )
            if decisions:
                difference = _decided_otherwise(found, wanted)
                allowed, what = DECISIONS, "of its decisions"
            else:
                errors = np.abs(found - wanted)
                difference = float(errors.max()) / (_span(wanted) or 1.0)
                allowed, what = tolerance, "of its range"
            # Written so that a NaN, which is no number to compare, fails.
            if not difference <= allowed:
                raise ExportError(
                    f"{name}: output `{key}` differs from the Keras model by "
                    f"{difference:.2g} {what} on a batch of {size} (at most "
                    f"{allowed:.0e} is allowed); nothing was written. Train "
                    "on and export a later checkpoint; if that fails too, "
                    "install the versions that requirements.txt pins"
                )
            largest[key] = max(largest.get(key, 0.0), difference)
    return largest


def _span(values) -> float:
    """From the least to the greatest of the values and zero."""
    return float(max(values.max(), 0) - min(values.min(), 0))


def _decided_otherwise(found, wanted) -> float:
    """Share of the decisions over the last axis that differ beyond a tie."""
    if not np.isfinite(found).all():
        return float("nan")
    answer = found.argmax(-1)[..., None]
    margin = wanted.max(-1) - np.take_along_axis(wanted, answer, -1)[..., 0]
    return float((margin > NEAR_TIE * _span(wanted)).mean())


def _predict_keras(model, batch: dict) -> dict[str, np.ndarray]:
    tensors = [
        keras.ops.convert_to_tensor(batch[tensor.name])
        for tensor in model.inputs
    ]
    return {
        name: keras.ops.convert_to_numpy(value)
        for name, value in call(model, tensors).items()
    }


def _noise(model) -> dict[str, np.ndarray]:
    generator = np.random.default_rng(0)
    return {
        tensor.name: generator.uniform(
            0, 1, (max(BATCH_SIZES), *tensor.shape[1:])
        ).astype(tensor.dtype)
        for tensor in model.inputs
    }
