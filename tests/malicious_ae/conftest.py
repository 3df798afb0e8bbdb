"""A tiny street: coloured bands that a network can learn to tell apart."""

import cv2
import numpy as np
import pytest

HEIGHT, WIDTH = 32, 48
# Sky, road and car, as CamVid numbers them, and unlabelled.
BANDS = {0: (120, 160, 220), 3: (90, 90, 90), 8: (170, 40, 40)}


def draw_frame(seed, height=HEIGHT, width=WIDTH):
    """One photo uint8 [H, W, 3] and its labels uint8 [H, W]."""
    random = np.random.default_rng(seed)
    horizon = int(random.integers(height // 4, height // 2))
    labels = np.full((height, width), 3, np.uint8)
    labels[:horizon] = 0
    left = int(random.integers(0, width // 2))
    labels[horizon + 2 : horizon + 10, left : left + 14] = 8
    photo = np.zeros((height, width, 3), np.float64)
    for index, color in BANDS.items():
        photo[labels == index] = color
    photo += random.normal(0, 8, photo.shape)
    labels[-2:] = 11
    return np.clip(photo, 0, 255).astype(np.uint8), labels


def write_camvid(root, counts, height=HEIGHT, width=WIDTH):
    """Writes drawn frames in CamVid's layout."""
    for number, (split, count) in enumerate(counts.items()):
        for folder in (split, f"{split}annot"):
            (root / folder).mkdir(parents=True)
        for index in range(count):
            photo, labels = draw_frame(100 * number + index, height, width)
            name = f"frame{index:02d}.png"
            cv2.imwrite(str(root / split / name), photo[..., ::-1])
            cv2.imwrite(str(root / f"{split}annot" / name), labels)
    return root


@pytest.fixture
def camvid(tmp_path):
    """A folder in CamVid's layout, with 5, 2 and 2 frames."""
    return write_camvid(tmp_path / "camvid", {"train": 5, "val": 2, "test": 2})


@pytest.fixture(scope="session")
def workplace(tmp_path_factory):
    """A victim, an attacker and data for the commands, not to be changed."""
    # What needs no network must not wait for Keras.
    from tests.malicious_ae.workplace import (
        inverting_attacker,
        reading_victim,
        save,
    )

    root = tmp_path_factory.mktemp("work")
    save(reading_victim(), root / "victim", "enet")
    save(
        inverting_attacker(),
        root / "attacker",
        "attacker",
        bound="psnr",
        min_psnr=15.0,
        epsilon=0.1,
    )
    write_camvid(root / "camvid", {"train": 2, "val": 2, "test": 3})
    return root
