"""ENet, a real-time segmentation network.

Source: Paszke, Chaurasia, Kim and Culurciello, "ENet: A Deep Neural Network
Architecture for Real-Time Semantic Segmentation", arXiv:1606.02147. As in
the common implementations, a downsampling block's projection is 2x2 and the
encoder's PReLUs have one slope each: 350,652 trainable weights at 12 classes.
"""

import keras
from keras import layers, ops

from shared.segmentation.unpool import MaxPositions, MaxUnpool

# Stage 2 and, once more, stage 3.
SEQUENCE = (
    ("regular", {}),
    ("dilated", {"dilation": 2}),
    ("asymmetric", {"asymmetric": True}),
    ("dilated", {"dilation": 4}),
    ("regular", {}),
    ("dilated", {"dilation": 8}),
    ("asymmetric", {"asymmetric": True}),
    ("dilated", {"dilation": 16}),
)
STRIDE = 8


def _activate(x, relu: bool, name: str):
    if relu:
        return layers.ReLU(name=name)(x)
    # One slope for all pixels and channels, as in the reference.
    return layers.PReLU(
        alpha_initializer=keras.initializers.Constant(0.25),
        shared_axes=[1, 2, 3],
        name=name,
    )(x)


def _normalize(x, name: str):
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5, name=name)(x)


def _conv(x, filters, kernel_size, name, relu=None, **kwargs):
    """Convolution and normalisation; activation unless `relu` is None."""
    x = layers.Conv2D(
        filters,
        kernel_size,
        padding=kwargs.pop("padding", "same"),
        use_bias=False,
        name=name,
        **kwargs,
    )(x)
    x = _normalize(x, f"{name}_norm")
    return x if relu is None else _activate(x, relu, f"{name}_act")


def initial_block(x, name="initial_block"):
    """Halves the size: 13 filters beside the pooled image, 16 channels."""
    # Padded by hand: Keras' "same" would put the odd row at the other end.
    padded = layers.ZeroPadding2D(1, name=f"{name}_pad")(x)
    conv = layers.Conv2D(13, 3, strides=2, use_bias=False, name=f"{name}_conv")(
        padded
    )
    pooled = layers.MaxPooling2D(3, 2, name=f"{name}_pool")(padded)
    x = layers.Concatenate(name=f"{name}_join")([conv, pooled])
    return _activate(_normalize(x, f"{name}_norm"), False, f"{name}_act")


def downsampling_block(x, filters, dropout, name):
    """Halves the size; also returns where the maxima were, for unpooling."""
    channels = x.shape[-1]
    internal = channels // 4
    positions = MaxPositions(name=f"{name}_positions")(x)
    main = layers.MaxPooling2D(2, name=f"{name}_pool")(x)
    main = ops.pad(main, ((0, 0),) * 3 + ((0, filters - channels),))
    y = _conv(x, internal, 2, f"{name}_conv1", False, strides=2)
    y = _conv(y, internal, 3, f"{name}_conv2", False)
    y = _conv(y, filters, 1, f"{name}_conv3", False)
    y = layers.SpatialDropout2D(dropout, name=f"{name}_drop")(y)
    y = layers.Add(name=f"{name}_add")([main, y])
    return _activate(y, False, f"{name}_out"), positions


def regular_block(x, dropout, name, relu=False, dilation=1, asymmetric=False):
    """Bottleneck of the same size: 1x1, then 3x3 or 5x1 and 1x5, then 1x1."""
    channels = x.shape[-1]
    internal = channels // 4
    y = _conv(x, internal, 1, f"{name}_conv1", relu)
    if asymmetric:
        y = _conv(y, internal, (5, 1), f"{name}_conv2", relu)
        y = _conv(y, internal, (1, 5), f"{name}_conv2b", relu)
    else:
        y = _conv(y, internal, 3, f"{name}_conv2", relu, dilation_rate=dilation)
    y = _conv(y, channels, 1, f"{name}_conv3", relu)
    y = layers.SpatialDropout2D(dropout, name=f"{name}_drop")(y)
    y = layers.Add(name=f"{name}_add")([x, y])
    return _activate(y, relu, f"{name}_out")


def upsampling_block(x, positions, filters, dropout, name):
    """Doubles the size by unpooling, beside a transposed convolution."""
    internal = x.shape[-1] // 4
    main = _conv(x, filters, 1, f"{name}_main")
    main = MaxUnpool(name=f"{name}_unpool")([main, positions])
    y = _conv(x, internal, 1, f"{name}_conv1", True)
    y = layers.Conv2DTranspose(
        internal, 2, strides=2, use_bias=False, name=f"{name}_up"
    )(y)
    y = layers.ReLU(name=f"{name}_up_act")(_normalize(y, f"{name}_up_norm"))
    y = _conv(y, filters, 1, f"{name}_conv2")
    y = layers.SpatialDropout2D(dropout, name=f"{name}_drop")(y)
    y = layers.Add(name=f"{name}_add")([main, y])
    return layers.ReLU(name=f"{name}_out")(y)


def full_convolution(x, classes, name="transposed_conv"):
    """Doubles the size: one logit a class, from a 3x3 transposed convolution.

    PyTorch's padding of 1 and output padding of 1 together leave out the
    first row and column of the whole result; Keras' "same" the last ones.
    """
    x = layers.Conv2DTranspose(
        classes, 3, strides=2, use_bias=False, name=name
    )(x)
    return layers.Cropping2D(((1, 0), (1, 0)), name=f"{name}_crop")(x)


def build_enet(height: int, width: int, classes: int) -> keras.Model:
    """Builds ENet for one image size; its weights fit every size.

    Args:
        height: In pixels, a multiple of 8.
        width: In pixels, a multiple of 8.
        classes: Number of classes, unlabelled included if it is one.

    Input shape:
        `image` [N, height, width, 3] in [0, 1].

    Output shape:
        `logits` [N, height, width, classes], float32.

    Raises:
        ValueError: If a side is no multiple of 8 or there is no class.
    """
    if min(height, width) < STRIDE or height % STRIDE or width % STRIDE:
        raise ValueError(
            f"`height` and `width` must be multiples of {STRIDE}. "
            f"Received: {height} x {width}"
        )
    if classes < 1:
        raise ValueError(f"`classes` must be positive. Received: {classes}")
    image = keras.Input((height, width, 3), name="image")
    x = initial_block(image)
    x, outer = downsampling_block(x, 64, 0.01, "downsample1_0")
    for index in range(1, 5):
        x = regular_block(x, 0.01, f"regular1_{index}")
    x, inner = downsampling_block(x, 128, 0.1, "downsample2_0")
    for stage, start in ((2, 1), (3, 0)):
        for index, (kind, options) in enumerate(SEQUENCE, start):
            x = regular_block(x, 0.1, f"{kind}{stage}_{index}", **options)
    x = upsampling_block(x, inner, 64, 0.1, "upsample4_0")
    for index in (1, 2):
        x = regular_block(x, 0.1, f"regular4_{index}", relu=True)
    x = upsampling_block(x, outer, 16, 0.1, "upsample5_0")
    x = regular_block(x, 0.1, "regular5_1", relu=True)
    x = full_convolution(x, classes)
    logits = layers.Activation("linear", dtype="float32", name="logits")(x)
    return keras.Model(image, logits, name="enet")
