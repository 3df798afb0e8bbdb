"""Small stand-ins of the real sizes at the ends, so that a step takes a blink.

They are networks like any other: only their inside is small.
"""

import json

import cv2
import keras
import numpy as np
from keras import layers

from agns.layers.resizer import Resizer

PEOPLE = ["Person_0", "Person_1", "Person_2"]


def generator():
    """From codes [N, 25] to glasses [N, 64, 176, 3]."""
    code = keras.Input((25,), name="code")
    x = layers.Dense(4 * 11 * 3)(code)
    x = layers.Reshape((4, 11, 3))(x)
    x = layers.UpSampling2D(16)(x)
    return keras.Model(code, layers.Activation("tanh")(x), name="generator")


def discriminator():
    """From glasses to a logit."""
    glasses = keras.Input((64, 176, 3), name="glasses")
    x = layers.AveragePooling2D(16)(glasses)
    x = layers.Dense(1)(layers.Flatten()(x))
    return keras.Model(glasses, x, name="discriminator")


def recognizer(classes=5, size=96):
    """From faces [N, 96, 96, 3] to probabilities."""
    face = keras.Input((size, size, 3), name="face")
    x = Resizer(24, 24)(face)
    x = layers.Dense(classes, name="logits")(layers.Flatten()(x))
    x = layers.Softmax(name="probabilities")(x)
    return keras.Model(face, x, name="openface_recognizer")


def write_people(folder, people=3, photos=5, side=224):
    """Aligned "faces": each person one drawing, each photo other light."""
    random = np.random.default_rng(5)
    for person in range(people):
        target = folder / f"Person_{person}"
        target.mkdir(parents=True)
        drawing = random.uniform(40, 215, (7, 7, 3))
        for photo in range(photos):
            image = drawing * random.uniform(0.8, 1.1)
            image += random.normal(0, 6, drawing.shape)
            image = cv2.resize(image, (side, side))
            cv2.imwrite(
                str(target / f"{photo:02d}.png"),
                np.clip(image, 0, 255).astype(np.uint8),
            )
    return folder


def write_frames(folder, count=4):
    """Frames on black, in place: each one colour."""
    folder.mkdir(parents=True, exist_ok=True)
    random = np.random.default_rng(6)
    for index in range(count):
        image = np.zeros((224, 224, 3), np.uint8)
        image[56:112, 29:194] = random.integers(30, 250, 3)
        cv2.imwrite(str(folder / f"{index}.png"), image)
    return folder


def write_config(folder, **values):
    """A run's config.json."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(values))
