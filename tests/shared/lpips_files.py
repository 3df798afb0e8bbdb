"""Weights of LPIPS by their published names and shapes, drawn by chance."""

import numpy as np

from shared.lpips_convert import convert
from tests.shared.state_dicts import WRITERS

# layer of torchvision's AlexNet: (filters, inputs, size, stride, padding)
ALEXNET = {
    0: (64, 3, 11, 4, 2),
    3: (192, 64, 5, 1, 2),
    6: (384, 192, 3, 1, 1),
    8: (256, 384, 3, 1, 1),
    10: (256, 256, 3, 1, 1),
}


def published_weights():
    """State dicts of the published names and shapes, PyTorch's layout."""
    rng = np.random.default_rng(6)
    alexnet, linear = {}, {}
    for index, (layer, shape) in enumerate(ALEXNET.items()):
        filters, inputs, size, _, _ = shape
        scale = np.sqrt(2 / (inputs * size * size))
        alexnet[f"features.{layer}.weight"] = rng.normal(
            0, scale, (filters, inputs, size, size)
        ).astype("float32")
        alexnet[f"features.{layer}.bias"] = rng.normal(0, 0.1, filters).astype(
            "float32"
        )
        linear[f"lin{index}.model.1.weight"] = rng.uniform(
            0, 1, (1, filters, 1, 1)
        ).astype("float32")
    return alexnet, linear


def write_lpips(folder):
    """Writes them as PyTorch does, and converted; returns the folder."""
    alexnet, linear = published_weights()
    WRITERS["zip.pth"](folder / "alexnet.pth", alexnet)
    WRITERS["python2.pth"](folder / "alex.pth", linear)
    convert(
        folder / "alexnet.pth", folder / "alex.pth", folder / "a.weights.h5"
    )
    return folder
