"""Runs commands one after the other in one process, and says how each ended.

    python -m tests.malicious_ae.train_cases < CASES

CASES is JSON, a list of [command, arguments]; the answer, the last line, is a
list of strings: "done", or the error. One process because importing
TensorFlow takes longer than most of the cases, and a small network in ENet's
place because compiling ENet takes longer than all of them. The small one has
what matters here: batch normalization, dropout and max-unpooling.
"""

import importlib
import json
import sys

import keras
from absl import flags
from keras import layers

from malicious_ae import models, train_victim
from shared.errors import UserError
from shared.segmentation.enet import downsampling_block, upsampling_block


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


def outcome(command, arguments):
    """Runs one command with fresh flags."""
    values = flags.FLAGS
    for name in list(values):
        if name not in KEPT:
            delattr(values, name)
    module = importlib.import_module(f"malicious_ae.{command}")
    module.define_flags()
    keras.backend.clear_session()
    keras.config.set_dtype_policy("float32")
    try:
        module.main(values([command, *arguments])[1:])
    except (UserError, flags.Error) as error:
        return str(error)
    return "done"


if __name__ == "__main__":
    KEPT = set(flags.FLAGS)
    train_victim.build_enet = models.build_enet = build_small
    cases = json.load(sys.stdin)
    print(json.dumps([outcome(*case) for case in cases]))
