"""Where a recogniser's training begins."""

from pathlib import Path

import numpy as np
import pytest

from agns.models import answers, load_recognizer
from agns.networks import build_openface, embedding_of
from agns.train_recognizer import begin_embedding
from shared.errors import UserError
from tests.agns import tiny


def test_a_training_begins_with_the_embedding_of_a_model_that_ships():
    network = build_openface(3)
    begin_embedding(network, Path("openface10"))
    shipped, _ = load_recognizer("openface10")
    random = np.random.default_rng(0)
    faces = random.uniform(-1, 1, (2, 96, 96, 3)).astype("float32")
    np.testing.assert_allclose(
        answers(embedding_of(network), faces),
        answers(embedding_of(shipped), faces),
        atol=1e-5,
    )


def test_a_folder_without_an_embedding_is_named(tmp_path):
    network = build_openface(3)
    with pytest.raises(UserError, match="--pretrained=nowhere: no such model"):
        begin_embedding(network, Path("nowhere"))
    tiny.write_config(
        tmp_path, architecture="openface", people=["A", "B"], size=96
    )
    with pytest.raises(UserError, match="recognizer.weights.h5"):
        begin_embedding(network, tmp_path)
