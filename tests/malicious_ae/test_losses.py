"""The losses of an attack, per pixel."""

import numpy as np
import pytest
from keras import ops

from malicious_ae.losses import misread_loss, read_as_loss
from tests.contracts.losses import check_loss

HEIGHT, WIDTH, CLASSES = 16, 24, 4


@pytest.mark.parametrize(
    "loss", [misread_loss, read_as_loss], ids=lambda f: f.__name__
)
def test_the_contract_of_the_losses(loss):
    random = np.random.default_rng(0)
    logits = random.normal(0, 2, (2, 4, 5, CLASSES)).astype("float32")
    labels = random.integers(0, CLASSES, (2, 4, 5)).astype("float32")
    check_loss(
        lambda a, b: loss(a, ops.cast(b, "int32")),
        logits,
        labels,
        shape=(2, 4, 5),
        must_learn=(0,),
    )


def test_misread_loss_is_minus_log_of_one_minus_p():
    random = np.random.default_rng(1)
    logits = random.normal(0, 3, (2, 3, 4, CLASSES)).astype("float32")
    labels = random.integers(0, CLASSES, (2, 3, 4))
    odds = np.exp(logits.astype("float64"))
    own = np.take_along_axis(odds, labels[..., None], -1)[..., 0]
    wanted = -np.log(1 - own / odds.sum(-1))
    np.testing.assert_allclose(
        misread_loss(logits, labels), wanted, rtol=1e-4, atol=1e-6
    )
