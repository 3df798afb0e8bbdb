"""Exported networks that read drawn streets, without a training."""

import keras
import numpy as np

from shared.export import export_onnx
from tests.malicious_ae.conftest import BANDS, HEIGHT, WIDTH


def reading_victim():
    """Reads each pixel as the band whose colour is nearest."""
    logits = keras.layers.Conv2D(12, 1, name="logits")
    image = keras.Input((HEIGHT, WIDTH, 3), name="image")
    model = keras.Model(image, logits(image))
    kernel, bias = np.zeros((1, 1, 3, 12)), np.full(12, -99.0)
    for index, color in BANDS.items():
        color = np.array(color) / 255
        kernel[0, 0, :, index] = 20 * color
        bias[index] = -10 * np.sum(color**2)
    logits.set_weights([kernel, bias])
    return model


def inverting_attacker():
    """Moves every colour a step towards its opposite."""
    image = keras.Input((HEIGHT, WIDTH, 3), name="image")
    attacked = keras.layers.Rescaling(0.7, 0.12, name="attacked")(image)
    return keras.Model(image, attacked)


def save(model, folder, role, **metadata):
    """Writes a model as the export command does; returns its folder."""
    folder.mkdir(parents=True, exist_ok=True)
    described = {
        "role": role,
        "dataset": "camvid",
        "height": HEIGHT,
        "width": WIDTH,
    }
    export_onnx(
        model,
        folder / f"{role}.onnx",
        {"malicious_ae": described | metadata},
    )
    return folder
