"""The networks have the reference's weight counts and shapes."""

import numpy as np
import pytest
from keras import ops

from agns import networks


def trainable(network):
    return sum(int(np.prod(v.shape)) for v in network.trainable_variables)


@pytest.mark.parametrize(
    ("build", "total", "learned"),
    [
        (networks.build_generator, 633_403, 619_043),
        (networks.build_discriminator, 3_809_801, 3_809_241),
        (networks.build_openface_base, 3_743_280, 3_733_968),
        (lambda: networks.build_openface(10), 3_744_958, 3_735_646),
        (lambda: networks.build_openface(143), 3_821_215, 3_811_903),
    ],
)
def test_weight_counts(build, total, learned):
    network = build()
    assert network.count_params() == total
    assert trainable(network) == learned


@pytest.mark.slow
def test_weight_counts_of_vgg():
    network = networks.build_vgg(143)
    assert network.count_params() == 134_846_415
    # Only the head learns, and it alone depends on the number of people; a
    # second network of this size would cost a gigabyte more.
    assert trainable(network) == 4097 * 143
    assert network.count_params() + 4097 * (10 - 143) == 134_301_514


def test_ranges_and_shapes():
    random = np.random.default_rng(0)
    codes = random.normal(size=(2, 25)).astype("float32")
    glasses = networks.build_generator()(codes)
    assert glasses.shape == (2, 64, 176, 3)
    assert float(ops.max(ops.abs(glasses))) <= 1.0
    assert networks.build_discriminator()(glasses).shape == (2, 1)


def test_views_of_a_recognizer_share_its_weights():
    network = networks.build_openface(10)
    faces = np.random.default_rng(0).uniform(-1, 1, (2, 96, 96, 3))
    faces = faces.astype("float32")
    logits = networks.logits_of(network)(faces)
    np.testing.assert_allclose(
        network(faces), ops.softmax(logits), rtol=1e-4, atol=1e-6
    )
    embedding = networks.embedding_of(network)(faces)
    np.testing.assert_allclose(
        ops.sum(ops.square(embedding), axis=1), 1.0, rtol=1e-4
    )


def test_the_plain_discriminator_is_smaller():
    assert (
        networks.build_discriminator(minibatch=False).count_params()
        == 3_809_801 - 3_379_680 - 160
    )


def test_unknown_names_are_refused(tmp_path):
    with pytest.raises(ValueError, match="Received: 'resnet'"):
        networks.build_recognizer("resnet", 10)
    with pytest.raises(ValueError, match="classes=1"):
        networks.build_openface(1)
