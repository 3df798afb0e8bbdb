"""Runs commands as `tests.cases` does, with a small network for OpenFace.

TensorFlow and JAX take longer to compile OpenFace than everything else that
these commands do. The small one has what matters to them: convolution, batch
normalization and an embedding of norm 1.
"""

import keras
from keras import layers

from agns import networks
from agns.layers.conv_norm_relu import ConvNormRelu
from agns.layers.l2_normalization import L2Normalization
from tests import cases


def build_base(momentum=0.99, size=96):
    """Stands where `agns.networks.build_openface_base` does."""
    face = keras.Input((size, size, 3), name="face")
    x = ConvNormRelu(8, 3, 2, momentum=momentum)(face)
    x = layers.Flatten()(layers.AveragePooling2D(4)(x))
    x = layers.Dense(128, name="embedding")(x)
    x = L2Normalization(name="unit_embedding", dtype="float32")(x)
    return keras.Model(face, x, name="openface")


if __name__ == "__main__":
    networks.build_openface_base = build_base
    cases.main()
