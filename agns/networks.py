"""The networks: eyeglass generator and discriminator, and the recognisers.

Weight counts are those of the reference; `tests/agns/test_networks.py` holds
them. Images are channels last; glasses lie in [-1, 1].
"""

from pathlib import Path

import keras
from keras import layers

from agns.layers.conv_norm_relu import ConvNormRelu
from agns.layers.inception_module import InceptionModule
from agns.layers.inception_module_shrink import InceptionModuleShrink
from agns.layers.l2_normalization import L2Normalization
from agns.layers.local_response_normalization import (
    LocalResponseNormalization,
)
from agns.layers.minibatch_discrimination import MinibatchDiscrimination
from shared.errors import check_choice

CODE_SIZE = 25
GLASSES_SHAPE = (64, 176, 3)
# Side of a face in pixels, and the least value of its range up to 1.
INPUTS = {"openface": (96, -1.0), "vgg": (224, 0.0)}


def build_generator(momentum=0.99) -> keras.Model:
    """The eyeglass generator, 633,403 weights.

    Args:
        momentum: Of the moving statistics.

    Input shape:
        `code` [N, 25], standard normal.

    Output shape:
        [N, 64, 176, 3] in [-1, 1].
    """
    code = keras.Input((CODE_SIZE,), name="code")
    x = layers.Dense(4 * 11 * 160)(code)
    x = layers.BatchNormalization(momentum=momentum)(x)
    x = layers.ReLU()(x)
    x = layers.Reshape((4, 11, 160))(x)
    for filters in (80, 40, 20):
        x = layers.Conv2DTranspose(filters, 5, 2, padding="same")(x)
        x = layers.BatchNormalization(momentum=momentum)(x)
        x = layers.ReLU()(x)
    x = layers.Conv2DTranspose(3, 5, 2, padding="same")(x)
    # Outside of the policy: float16 would leave 11 bits for 8-bit colours.
    x = layers.Activation("tanh", dtype="float32", name="glasses")(x)
    return keras.Model(code, x, name="generator")


def build_discriminator(minibatch: bool = True, momentum=0.99) -> keras.Model:
    """The eyeglass discriminator, 3,809,801 weights.

    Args:
        minibatch: Whether it compares the glasses of a batch; without, as in
            the original, 423,161 weights less for the layer and its features.
        momentum: Of the moving statistics.

    Input shape:
        `glasses` [N, 64, 176, 3] in [-1, 1].

    Output shape:
        [N, 1], the logit of being real. (The reference ends in a sigmoid, to
        which it then applies a loss of logits.)
    """
    glasses = keras.Input(GLASSES_SHAPE, name="glasses")
    x = layers.Conv2D(20, 5, 2, padding="same")(glasses)
    x = layers.LeakyReLU(negative_slope=0.3)(x)
    for filters in (40, 80, 160):
        x = layers.Conv2D(filters, 5, 2, padding="same")(x)
        x = layers.BatchNormalization(momentum=momentum)(x)
        x = layers.LeakyReLU(negative_slope=0.3)(x)
    x = layers.Flatten()(x)
    if minibatch:
        x = MinibatchDiscrimination()(x)
    x = layers.Dense(1, dtype="float32", name="logit")(x)
    return keras.Model(glasses, x, name="discriminator")


def build_openface_base(momentum=0.99, size=96) -> keras.Model:
    """OpenFace NN4.small2 as the reference has it, 3,743,280 weights.

    Args:
        momentum: Of the moving statistics.
        size: Side of a face in pixels. The weights fit any size; learning
            begins faster on smaller faces.

    Input shape:
        `face` [N, 96, 96, 3] in [-1, 1].

    Output shape:
        [N, 128], of norm 1.
    """

    def unit(*sizes):
        return ConvNormRelu(*sizes, momentum=momentum)

    def inception(*sizes, pooling):
        return InceptionModule(*sizes, pooling=pooling, momentum=momentum)

    def shrink(*sizes):
        return InceptionModuleShrink(*sizes, momentum=momentum)

    def pool():
        return layers.MaxPooling2D(3, 2, "same")

    face = keras.Input((size, size, 3), name="face")
    x = unit(64, 7, 2)(face)
    x = pool()(x)
    x = LocalResponseNormalization()(x)
    x = unit(64, 1)(x)
    x = unit(192, 3)(x)
    x = LocalResponseNormalization()(x)
    x = pool()(x)  # 12 x 12
    x = inception(64, (96, 128), (16, 32), 32, pooling="max")(x)
    x = inception(64, (96, 128), (32, 64), 64, pooling="l2")(x)
    x = shrink((128, 256), (32, 64))(x)  # 6 x 6
    x = inception(256, (96, 192), (32, 64), 128, pooling="l2")(x)
    x = shrink((160, 256), (64, 128))(x)  # 3 x 3
    x = inception(256, (96, 384), None, 96, pooling="l2")(x)
    x = inception(256, (96, 384), None, 96, pooling="max")(x)
    x = layers.AveragePooling2D(x.shape[1])(x)
    x = layers.Flatten()(x)
    x = layers.Dense(128, name="embedding")(x)
    x = L2Normalization(name="unit_embedding", dtype="float32")(x)
    return keras.Model(face, x, name="openface")


def build_openface(classes: int, momentum=0.99, size=96) -> keras.Model:
    """OpenFace with a head for so many people.

    3,744,958 weights for 10 people, 3,821,215 for 143: the head's hidden
    layer has 12 units for 10 people, else two a person.

    Input shape:
        `face` [N, 96, 96, 3] in [-1, 1].

    Output shape:
        [N, classes], probabilities.

    Raises:
        ValueError: if there are fewer than two classes.
    """
    _check_classes(classes)
    base = build_openface_base(momentum, size)
    x = layers.Dense(
        12 if classes == 10 else 2 * classes,
        activation="tanh",
        # An embedding has norm 1: through Keras' usual small weights all
        # logits would stay near 0 for the first thousand steps.
        kernel_initializer=keras.initializers.RandomNormal(stddev=1.0),
        dtype="float32",
        name="hidden",
    )(base.output)
    return _with_softmax(base.input, x, classes, "openface_recognizer")


def build_vgg(classes: int, weights: str = "none") -> keras.Model:
    """VGG16 up to its second dense layer, frozen, with a head.

    134,301,514 weights for 10 people, 134,846,415 for 143.

    Args:
        classes: Number of people.
        weights: "none", "imagenet" (which keras.applications downloads), or
            a weights file of keras.applications.VGG16 with its top.

    Input shape:
        `face` [N, 224, 224, 3] in [0, 1], as in the reference, which
        subtracts no mean.

    Output shape:
        [N, classes], probabilities.

    Raises:
        ValueError: if there are fewer than two classes, or the weights do
            not fit.
    """
    _check_classes(classes)
    face = keras.Input((224, 224, 3), name="face")
    vgg = keras.applications.VGG16(
        weights="imagenet" if weights == "imagenet" else None,
        input_tensor=face,
    )
    if weights not in ("none", "imagenet"):
        if not Path(weights).is_file():
            raise ValueError(f"`weights`: no such file. Received: {weights}")
        vgg.load_weights(weights)
    vgg.trainable = False
    x = vgg.get_layer("fc2").output
    return _with_softmax(face, x, classes, "vgg_recognizer")


def build_recognizer(
    architecture: str,
    classes: int,
    weights: str = "none",
    momentum=0.99,
    size=None,
) -> keras.Model:
    """One of the recognisers by name; see `INPUTS` for what it takes.

    Raises:
        ValueError: for another name, or another size of face for VGG.
    """
    check_choice("architecture", architecture, INPUTS)
    if architecture == "openface":
        return build_openface(classes, momentum, size or INPUTS["openface"][0])
    if size not in (None, INPUTS["vgg"][0]):
        raise ValueError(f"vgg takes faces of 224 pixels. Received: {size}")
    return build_vgg(classes, weights)


def logits_of(recognizer: keras.Model) -> keras.Model:
    """The same network, sharing all weights, without its softmax."""
    return keras.Model(recognizer.input, recognizer.get_layer("logits").output)


def embedding_of(recognizer: keras.Model) -> keras.Model:
    """An OpenFace recogniser's embedding network, sharing all weights.

    Raises:
        ValueError: if the network has none.
    """
    return keras.Model(
        recognizer.input, recognizer.get_layer("unit_embedding").output
    )


def _check_classes(classes):
    if classes < 2:
        raise ValueError(
            f"a recogniser needs two people. Received: classes={classes}"
        )


def _with_softmax(face, features, classes, name):
    x = layers.Dense(
        classes,
        kernel_initializer=keras.initializers.RandomNormal(
            stddev=2.0 / features.shape[-1] ** 0.5
        ),
        dtype="float32",
        name="logits",
    )(features)
    x = layers.Softmax(dtype="float32", name="probabilities")(x)
    return keras.Model(face, x, name=name)
