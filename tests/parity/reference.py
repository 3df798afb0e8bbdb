"""Computes what tensorflow-addons answers, for `test_tensorflow_addons.py`.

    .venv-tfa/bin/python tests/parity/reference.py answers.npz

Runs in the environment of requirements-tfa.txt only (`make parity`). The
inputs are stored beside the answers, because the random generators of the two
environments need not agree.
"""

import sys

import numpy as np
import tensorflow as tf
import tensorflow_addons as tfa


def compute():
    """Every input and answer: dict of float32 arrays."""
    rng = np.random.default_rng(20240501)
    images = rng.random((3, 19, 26, 3)).astype(np.float32)
    # About the identity, with a shift, a shear and a little perspective.
    matrices = np.eye(3) + rng.normal(0, 1, (3, 3, 3)) * [
        [0.1, 0.1, 2.0],
        [0.1, 0.1, 2.0],
        [0.002, 0.002, 0.0],
    ]
    matrices = matrices.astype(np.float32)
    arrays = {"images": images, "matrices": matrices}

    eight = tf.reshape(matrices, [3, 9])[:, :8]
    for fill, mode in (("zeros", "constant"), ("edge", "nearest")):
        arrays[f"transform_{fill}"] = tfa.image.transform(
            images, eight, interpolation="bilinear", fill_mode=mode
        )
    arrays["transform_size"] = tfa.image.transform(
        images, eight, interpolation="bilinear", output_shape=[31, 17]
    )

    # Far enough for some positions to leave the image on every side.
    flow = rng.normal(0, 4, (3, 19, 26, 2)).astype(np.float32)
    arrays["flow"] = flow
    image, shift = tf.constant(images), tf.constant(flow)
    with tf.GradientTape() as tape:
        tape.watch([image, shift])
        warped = tfa.image.dense_image_warp(image, shift)
        total = tf.reduce_sum(warped * warped)
    arrays["dense"] = warped
    arrays["dense_grad_images"], arrays["dense_grad_flow"] = tape.gradient(
        total, [image, shift]
    )

    for padding in ("reflect", "constant"):
        for name, shape, sigma in (
            ("odd", (5, 3), (1.3, 0.7)),
            ("even", (4, 4), 2.0),
        ):
            arrays[f"gaussian_{padding}_{name}"] = tfa.image.gaussian_filter2d(
                images, shape, sigma, padding=padding.upper()
            )

    # Several people, one of them with a single photo.
    labels = np.array([0, 1, 2, 0, 1, 2, 0, 3, 1, 2, 2, 0], np.int32)
    embeddings = tf.math.l2_normalize(
        rng.normal(size=(12, 8)).astype(np.float32), axis=1
    )
    arrays |= {"labels": labels, "embeddings": embeddings}
    for metric in ("L2", "squared-L2", "angular"):
        arrays[f"triplet_{metric}"] = tfa.losses.triplet_semihard_loss(
            labels, embeddings, margin=0.7, distance_metric=metric
        )
    with tf.GradientTape() as tape:
        tape.watch(embeddings)
        loss = tfa.losses.triplet_semihard_loss(labels, embeddings)
    arrays["triplet_grad"] = tape.gradient(loss, embeddings)

    features = rng.normal(0, 30, (2, 3, 4, 16)).astype(np.float32)
    arrays["features"] = features
    arrays["lrn"] = tf.nn.local_response_normalization(
        features, 5, 1.0, 1e-4, 0.75
    )
    return {name: np.asarray(array) for name, array in arrays.items()}


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("error: give the file to write, e.g. answers.npz")
    np.savez_compressed(sys.argv[1], **compute())
    print(f"{sys.argv[1]}: tensorflow-addons {tfa.__version__}")
