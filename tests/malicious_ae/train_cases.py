"""Runs commands as `tests.cases` does, with a small network in ENet's place.

Compiling ENet takes longer than everything else that these commands do. The
small one has what matters to them: batch normalization, dropout and
max-unpooling.
"""

import keras
from keras import layers

from malicious_ae import models, train_victim
from shared.segmentation.enet import downsampling_block, upsampling_block
from tests import cases


def build_small(height, width, classes):
    """Stands where `shared.segmentation.enet.build_enet` does."""
    if height % 8 or width % 8:
        raise ValueError(f"multiples of 8. Received: {height} x {width}")
    image = keras.Input((height, width, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    x, positions = downsampling_block(x, 16, 0.1, "down")
    x = upsampling_block(x, positions, 8, 0.1, "up")
    logits = layers.Conv2D(classes, 1, dtype="float32", name="logits")(x)
    return keras.Model(image, logits, name="enet")


if __name__ == "__main__":
    train_victim.build_enet = models.build_enet = build_small
    cases.main()
