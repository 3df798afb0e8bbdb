"""What is compared is seen: values, shapes, names, decisions."""

import keras
import numpy as np
import pytest
from keras import ops

from shared import export

pytestmark = pytest.mark.tensorflow


def _named(model, change):
    """Answers as the model does, but for `change`."""

    def predict(arrays):
        outputs = model([arrays["image"], arrays["gain"]], training=False)
        named = {k: ops.convert_to_numpy(v) for k, v in outputs.items()}
        change(named)
        return named

    return predict


def _shift_a_little(outputs):
    span = np.ptp(np.append(outputs["score"], 0))
    outputs["score"] = outputs["score"] + 2e-4 * span


def _shift_one_value_of_a_big_batch(outputs):
    if len(outputs["score"]) == 3:
        outputs["picture"][2, 0, 0, 0] += 1


def _put_nan(outputs):
    outputs["picture"][0, 0, 0, 0] = np.nan


def _reshape(outputs):
    outputs["score"] = outputs["score"][:, 0]


def _rename(outputs):
    outputs["result"] = outputs.pop("score")


def _fail(outputs):
    raise RuntimeError("out of order")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_shift_a_little, "score.*differs.*0.0002"),
        (_shift_one_value_of_a_big_batch, "picture.*differs.*batch of 3"),
        (_put_nan, "picture.*nan"),
        (_reshape, "score.*shape"),
        (_rename, "outputs are.*result"),
        (_fail, "batch of 1: out of order"),
    ],
)
def test_compare_sees(model, change, message):
    with pytest.raises(export.ExportError, match=message):
        export.compare(model, _named(model, change), "it")


def test_compare_measures_the_share_of_the_range(model):
    def change(outputs):
        span = np.ptp(np.append(outputs["score"], 0))
        outputs["score"] = outputs["score"] + 5e-5 * span

    found = export.compare(model, _named(model, change), "it")
    assert found["picture"] == 0
    assert found["score"] == pytest.approx(5e-5, rel=1e-2)


@pytest.fixture(scope="module")
def classifier():
    """Logits of three classes, near a tie wherever the input is."""
    image = keras.Input((40, 40, 3), name="image")
    logits = keras.layers.Activation("linear", name="logits")(image)
    return keras.Model(image, logits)


def _ties(margin):
    """Three images of two likely classes that are `margin` apart."""
    image = np.zeros((3, 40, 40, 3), np.float32)
    image[..., 0], image[..., 1], image[..., 2] = 1.0, 1.0 - margin, -1.0
    return {"image": image}


def _swapped(pixels):
    def predict(batch):
        logits = batch["image"].copy()
        flat = logits.reshape(len(logits), -1, 3)
        flat[:, :pixels] = flat[:, :pixels, [1, 0, 2]]
        return {"logits": logits}

    return predict


def test_decisions_are_what_counts_and_ties_count_not(classifier):
    # As many as 4 % of the pixels, where both classes were as good as equal.
    near = _ties(0.001)
    with pytest.raises(export.ExportError, match="logits.*of its range"):
        export.compare(classifier, _swapped(64), "it", near)
    found = export.compare(classifier, _swapped(64), "it", near, decisions=True)
    assert found == {"logits": 0.0}
    # A single one where the network was sure is another network.
    sure = _ties(0.5)
    with pytest.raises(
        export.ExportError, match="its decisions.*nothing was written.*export"
    ):
        export.compare(classifier, _swapped(1), "it", sure, decisions=True)
    assert export.compare(
        classifier, _swapped(0), "it", sure, decisions=True
    ) == {"logits": 0.0}


def test_decisions_of_no_number_are_refused(classifier):
    def broken(batch):
        return {"logits": np.full_like(batch["image"], np.nan)}

    with pytest.raises(export.ExportError, match="logits.*nan"):
        export.compare(classifier, broken, "it", _ties(0.5), decisions=True)
