"""The attack grid: complete, seeded, and doing what its names say."""

import cv2
import numpy as np
import pytest

from stegastamp import attacks


@pytest.mark.parametrize("attack", attacks.ALL, ids=lambda a: a.name)
def test_every_attack_keeps_the_contract(attack, photo):
    before = photo.copy()
    first = attack.apply(photo, np.random.default_rng(3))
    again = attack.apply(photo, np.random.default_rng(3))
    assert first.dtype == np.uint8
    assert first.ndim == 3 and first.shape[2] == 3
    assert first.std() > 1
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(photo, before)
    if attack.name not in ("png", "identity"):
        assert first.shape != photo.shape or np.any(first != photo)


@pytest.mark.parametrize("attack", attacks.ALL, ids=lambda a: a.name)
@pytest.mark.parametrize("size", [(1, 1), (2, 37)])
def test_tiny_photos_survive(attack, size, photo):
    damaged = attack.apply(
        photo[: size[0], : size[1]].copy(), np.random.default_rng(0)
    )
    assert min(damaged.shape) >= 1


def test_grid_covers_the_specification():
    names = [attack.name for attack in attacks.ALL]
    assert len(set(names)) == len(names)
    wanted = {
        "identity": [""],
        "hflip": [""],
        "rotate_": [5, 10, 30, 45, 90],
        "resize_": [0.32, 0.5, 0.71, 0.89],
        "crop_center_": [0.32, 0.5, 0.71, 0.89],
        "crop_random_": [0.32, 0.5, 0.71, 0.89],
        "perspective_": [0.1, 0.2, 0.3, 0.4, 0.5],
        "jpeg_": [10, 25, 40, 50, 60, 70, 80, 90],
        "blur_": [3, 5, 9, 13, 17],
        "median_": [3, 5],
        "noise_": [0.02, 0.05, 0.1],
        "brightness_": [0.5, 0.75, 1.25, 1.5, 2],
        "contrast_": [0.5, 0.75, 1.25, 1.5, 2],
        "saturation_": [0, 0.5, 2],
        "hue_": [-0.1, 0.1],
        "grayscale": [""],
        "erase_": [0.1, 0.25],
        "combination_jpeg_": [40, 60, 80],
        "screenshot": [""],
        "png": [""],
        "resize_0.25_back": [""],
        "crop_margins_0.05": [""],
        "corners_0.03": [""],
    }
    expected = {f"{k}{v}" for k, values in wanted.items() for v in values}
    assert set(names) == expected


@pytest.mark.parametrize(
    "name",
    [a.name for a in attacks.ALL if a.name.split("_")[0] in (
        "noise", "perspective", "corners", "erase",
    )],
)  # fmt: skip
def test_random_attacks_follow_the_seed(name, photo):
    attack = attacks.find(name)
    one = attack.apply(photo, np.random.default_rng(1))
    other = attack.apply(photo, np.random.default_rng(2))
    assert np.any(one != other)


def test_sizes(photo):  # the photo is 96 x 144
    def shape(name):
        return attacks.find(name).apply(photo, np.random.default_rng(0)).shape

    assert shape("resize_0.5") == (48, 72, 3)
    assert shape("resize_0.25_back") == (96, 144, 3)
    assert shape("crop_margins_0.05") == (86, 130, 3)
    assert shape("crop_center_0.71") == (68, 102, 3)
    assert shape("rotate_90") == (144, 96, 3)
    assert shape("rotate_30") == (96, 144, 3)
    assert shape("screenshot") == (96, 144, 3)


def test_png_is_lossless_and_jpeg_ordered(photo):
    rng = np.random.default_rng(0)
    np.testing.assert_array_equal(attacks.png(photo), photo)
    errors = [
        np.abs(
            attacks.find(f"jpeg_{q}").apply(photo, rng).astype(int) - photo
        ).mean()
        for q in (90, 80, 50, 25, 10)
    ]
    assert errors == sorted(errors) and errors[0] > 0


def test_values(photo):
    twice = attacks.brightness(photo, 2)
    np.testing.assert_array_equal(twice, np.minimum(photo.astype(int) * 2, 255))
    gray = attacks.grayscale(photo)
    assert np.all(gray[..., 0] == gray[..., 2])
    np.testing.assert_allclose(
        attacks.saturation(photo, 0).astype(int), gray, atol=1
    )
    np.testing.assert_allclose(
        attacks.hue(photo, 0.0).astype(int), photo, atol=1
    )
    red = np.full((4, 4, 3), (200, 0, 0), np.uint8)
    # A third of the colour circle turns red into green.
    np.testing.assert_array_equal(attacks.hue(red, 1 / 3)[0, 0], [0, 200, 0])
    flat = np.full((400, 400, 3), 128, np.uint8)
    noisy = attacks.noise(flat, 0.05, np.random.default_rng(0)).astype(float)
    assert abs((noisy - 128).std() / 255 - 0.05) < 5e-4
    spread = attacks.contrast(photo, 0.5).astype(float).std(axis=(0, 1))
    np.testing.assert_allclose(spread, photo.std(axis=(0, 1)) / 2, rtol=0.02)


def test_erased_area(photo):
    damaged = attacks.erase(photo + 1, 0.25, np.random.default_rng(0))
    share = np.mean(np.all(damaged == 0, axis=-1))
    assert abs(share - 0.25) < 0.01


def test_blur_of_an_impulse_is_the_stated_gaussian():
    impulse = np.zeros((33, 33, 3), np.uint8)
    impulse[16, 16] = 255
    sigma = 0.3 * ((9 - 1) / 2 - 1) + 0.8
    taps = np.exp(-(np.arange(-4, 5) ** 2) / (2 * sigma**2))
    taps /= taps.sum()
    np.testing.assert_allclose(
        attacks.gaussian_blur(impulse, 9)[12:21, 12:21, 0].astype(float),
        255 * np.outer(taps, taps),
        atol=1.1,
    )


def test_moved_corners_move_by_the_stated_fraction():
    white = np.full((200, 400, 3), 255, np.uint8)
    # A marker in each corner region tells where the corner went.
    for seed in range(5):
        rng = np.random.default_rng(seed)
        signs = np.random.default_rng(seed).choice([-1.0, 1.0], (4, 2))
        damaged = attacks.move_corners(white, 0.03, rng)
        moved = np.array([[0, 0], [399, 0], [399, 199], [0, 199]])
        moved = moved + 0.03 * signs * [400, 200]
        mask = np.zeros((200, 400), np.uint8)
        cv2.fillConvexPoly(mask, np.rint(moved).astype(np.int32), 255)
        differing = np.mean((damaged[..., 0] > 127) != (mask > 127))
        assert differing < 0.01


def test_bad_input_is_refused(photo):
    with pytest.raises(ValueError, match="uint8"):
        attacks.find("png").apply(photo / 255, np.random.default_rng(0))
    with pytest.raises(ValueError, match="jpeg_50"):
        attacks.find("jpeg_51")
