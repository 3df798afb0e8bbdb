"""A fresh CNN steganalyser, trained after Alice is frozen.

It never took part in the game. Convolutions without pooling on high-pass
residuals come first, as in all CNN steganalysers since Xu, Wu and Shi,
"Structural design of convolutional neural networks for steganalysis", IEEE
SPL 2016: pooling would average the signal away.
"""

import keras
import numpy as np
from keras import layers, ops

# Residuals of the spatial rich model: first and second order, square, 5 x 5.
_KERNELS = (
    [[0, 0, 0], [0, -1, 1], [0, 0, 0]],
    [[0, 0, 0], [0, -1, 0], [0, 1, 0]],
    [[0, 0, 0], [1, -2, 1], [0, 0, 0]],
    [[0, 1, 0], [0, -2, 0], [0, 1, 0]],
    [[-1, 2, -1], [2, -4, 2], [-1, 2, -1]],
)
_KERNEL_5 = [
    [-1, 2, -2, 2, -1],
    [2, -6, 8, -6, 2],
    [-2, 8, -12, 8, -2],
    [2, -6, 8, -6, 2],
    [-1, 2, -2, 2, -1],
]
# Residuals beyond this many levels are texture.
_LIMIT = 4.0


def residual_kernels() -> np.ndarray:
    """The fixed first filters: float32 [5, 5, 1, 6], each summing to 0."""
    kernels = [np.pad(np.array(k), 1) for k in _KERNELS]
    # Halved until the middle is about 1 to 4, so one limit suits all.
    scales = (1, 1, 1, 1, 2, 4)
    stack = [
        kernel / scale
        for kernel, scale in zip(
            [*kernels, np.array(_KERNEL_5)], scales, strict=True
        )
    ]
    return np.stack(stack, axis=-1)[:, :, None].astype("float32")


def build_steganalyser(size: int) -> keras.Model:
    """Builds the network.

    Args:
        size: Side of the images in pixels, a multiple of 8.

    Input shape:
        `image` [N, size, size, 3] in levels, 0 to 255.

    Output shape:
        `logit` [N, 1], float32; > 0 means stego.
    """
    image = keras.Input((size, size, 3), name="image")
    kernels = np.repeat(residual_kernels(), 3, axis=2)
    x = ops.depthwise_conv(image, kernels, padding="same")
    x = ops.clip(x, -_LIMIT, _LIMIT) / 2.0
    for filters, pool in ((16, False), (16, True), (32, True), (48, True)):
        x = layers.Conv2D(
            filters, 3, padding="same", kernel_initializer="he_normal"
        )(x)
        x = layers.ReLU()(layers.BatchNormalization(momentum=0.9)(x))
        if pool:
            x = layers.AveragePooling2D(2)(x)
    x = layers.GlobalAveragePooling2D()(x)
    logit = layers.Dense(1, dtype="float32", name="logit")(x)
    return keras.Model(image, logit, name="steganalyser")


class PairBatches(keras.utils.PyDataset):
    """Batches of covers with their own stego images, turned and mirrored.

    Both of a pair in one batch: the network cannot learn the photo's content
    in place of the message.

    Args:
        covers: uint8 [N, s, s, 3].
        stegos: uint8 [N, s, s, 3], in the same order.
        pairs: Pairs a batch.
        steps: Batches an epoch.
        seed: Of order and turns.
    """

    def __init__(self, covers, stegos, pairs, steps, seed):
        super().__init__(workers=1)
        self.covers, self.stegos = covers, stegos
        self.pairs, self.steps, self.seed = pairs, steps, seed
        self.epoch = 0

    def __len__(self):
        return self.steps

    def on_epoch_end(self):
        self.epoch += 1

    def __getitem__(self, index):
        random = np.random.default_rng([self.seed, self.epoch, index])
        picks = random.integers(0, len(self.covers), self.pairs)
        turns, mirrored = random.integers(0, 4), random.integers(0, 2)
        images = np.concatenate([self.covers[picks], self.stegos[picks]])
        images = np.rot90(images, turns, axes=(1, 2))
        if mirrored:
            images = images[:, :, ::-1]
        labels = np.repeat([[0.0], [1.0]], self.pairs, axis=0)
        return images.astype("float32"), labels.astype("float32")


def train_steganalyser(
    covers, stegos, steps=600, pairs=16, seed=0, callbacks=()
) -> keras.Model:
    """Trains a steganalyser from nothing.

    Args:
        covers: uint8 [N, s, s, 3].
        stegos: uint8 [N, s, s, 3], in the same order.
        steps: Steps of Adam, whose rate falls along a cosine from 2e-3.
        pairs: Pairs of cover and stego image a step.
        seed: Of weights and batches.
        callbacks: Keras callbacks, such as a progress bar.

    Returns:
        The trained network.
    """
    keras.utils.set_random_seed(seed)
    network = build_steganalyser(covers.shape[1])
    network.compile(
        keras.optimizers.Adam(
            keras.optimizers.schedules.CosineDecay(2e-3, steps)
        ),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    per_epoch = min(50, steps)
    network.fit(
        PairBatches(covers, stegos, pairs, per_epoch, seed),
        epochs=max(1, steps // per_epoch),
        shuffle=False,
        verbose=0,
        callbacks=list(callbacks),
    )
    return network


def score(network, images) -> np.ndarray:
    """Says how much images look like stego: float32 [N], greater is more."""
    logits = network.predict(images.astype("float32"), 64, verbose=0)
    return logits[:, 0]
