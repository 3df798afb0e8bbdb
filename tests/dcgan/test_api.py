"""Drawing by seed: the same images for any count, right pixels, walks."""

import numpy as np
import pytest

import dcgan
from dcgan.api import Generator, lerp, slerp
from shared.errors import UserError
from tests.dcgan.models import LATENT_SIZE, write_classifier, write_generator


@pytest.fixture
def model(tmp_path):
    return tmp_path / "model", write_generator(tmp_path / "model")


def test_images_are_the_networks_in_bytes(model):
    folder, matrix = model
    generator = dcgan.Generator(folder, threads=1)
    latents = generator.latents(3, seed=4)
    images = generator.draw(latents)
    expected = np.tanh(latents @ matrix).reshape(3, 28, 28, 1) * 127.5 + 127.5
    assert images.dtype == np.uint8
    assert np.abs(images - expected).max() <= 0.5 + 1e-3
    np.testing.assert_array_equal(images, generator.generate(3, seed=4))


@pytest.mark.parametrize("count", [1, 15, 16, 17, 40])
def test_an_image_does_not_depend_on_how_many_are_drawn(model, count):
    generator = Generator(model[0], threads=1)
    many = generator.generate(40, seed=2)
    np.testing.assert_array_equal(generator.generate(count, 2), many[:count])
    assert np.any(generator.generate(1, seed=3) != many[:1])


def test_latents_follow_the_law_of_the_training(tmp_path):
    write_generator(tmp_path / "u", latent="uniform")
    write_generator(tmp_path / "n")
    uniform = Generator(tmp_path / "u").latents(4000)
    normal = Generator(tmp_path / "n").latents(4000)
    assert np.abs(uniform).max() <= 1
    assert uniform.std() == pytest.approx(1 / np.sqrt(3), rel=0.03)
    assert normal.std() == pytest.approx(1.0, rel=0.03)


def test_a_conditional_generator_draws_the_class_it_is_asked(tmp_path):
    matrix = write_generator(tmp_path, classes=3)
    generator = Generator(tmp_path)
    latents = generator.latents(5, seed=2, label=1)
    assert set(generator.space.labels(latents)) == {1}
    expected = np.tanh(latents @ matrix).reshape(5, 28, 28, 1) * 127.5 + 127.5
    drawn = generator.generate(5, seed=2, label=1)
    assert np.abs(drawn - expected).max() <= 0.5 + 1e-3
    walks = generator.walks(2, 4, seed=2, label=1)
    assert set(generator.space.labels(walks.reshape(-1, LATENT_SIZE))) == {1}
    with pytest.raises(ValueError, match="`label`"):
        generator.latents(1, label=3)


def test_walks_start_and_end_at_latents_and_chain(model):
    generator = Generator(model[0])
    ends = generator.latents(4, seed=1)
    walks = generator.walks(3, 6, seed=1)
    assert walks.shape == (3, 6, LATENT_SIZE)
    np.testing.assert_allclose(walks[:, 0], ends[:3], atol=1e-6)
    np.testing.assert_allclose(walks[:, -1], ends[1:], atol=1e-5)


def test_arcs_keep_the_length_and_lines_do_not():
    a, b = np.array([2.0, 0, 0]), np.array([0, 2.0, 0])
    middle = slerp(a, b, 0.5)
    np.testing.assert_allclose(middle, [np.sqrt(2), np.sqrt(2), 0], rtol=1e-6)
    np.testing.assert_allclose(slerp(a, b, 0.25) @ a / 4, np.cos(np.pi / 8))
    np.testing.assert_allclose(lerp(a, b, 0.5), [1, 1, 0])
    np.testing.assert_allclose(slerp(a, a, 0.3), a)


def test_bad_arguments_are_refused(model):
    generator = Generator(model[0])
    for count, seed in ((0, 0), (-1, 0), (1, -1)):
        with pytest.raises(ValueError, match="`count`"):
            generator.latents(count, seed)
    with pytest.raises(ValueError, match="`latents`"):
        generator.draw(np.zeros((2, LATENT_SIZE + 1)))
    with pytest.raises(ValueError, match="`steps`"):
        generator.walks(1, 1)


def test_what_is_no_generator_is_named(tmp_path):
    with pytest.raises(UserError, match="no such model"):
        Generator(tmp_path / "nowhere")
    write_classifier(tmp_path / "c" / "generator.onnx")
    with pytest.raises(UserError, match="'classifier' where 'generator' is"):
        Generator(tmp_path / "c")
    (tmp_path / "c" / "generator.onnx").write_bytes(b"no model")
    with pytest.raises(UserError, match="cannot be loaded"):
        Generator(tmp_path / "c")
