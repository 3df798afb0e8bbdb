"""Geometry: homographies, projective warps and flow warps, differentiable.

Points are (x, y) in pixels with pixel centres at integers: the first pixel
is at (0, 0). Sampling gathers four neighbours, which exports to ONNX.
"""

import numpy as np
from keras import ops

from shared.errors import check_choice
from shared.ops.precision import to_compute_dtype

# A homography sends points of one line to infinity; there the divisor is
# held this far from zero so that values and slopes stay finite.
_SMALLEST_DIVISOR = 1e-8


def _safe_divisor(values):
    small = ops.abs(values) < _SMALLEST_DIVISOR
    floor = ops.full_like(values, _SMALLEST_DIVISOR)
    return ops.where(small, ops.where(values < 0.0, -floor, floor), values)


def _stack_matrix(entries):
    """Nine [N] tensors, row by row -> [N, 3, 3]."""
    return ops.reshape(ops.stack(entries, axis=-1), (-1, 3, 3))


def _square_to_quadrilateral(corners):
    """Homographies from (0,0), (1,0), (1,1), (0,1) to corners [N, 4, 2].

    Closed form (Heckbert 1989, section 2.2.3): no linear solver, which
    would raise on one degenerate quadrilateral of a batch.
    """
    x = [corners[:, corner, 0] for corner in range(4)]
    y = [corners[:, corner, 1] for corner in range(4)]
    sum_x = x[0] - x[1] + x[2] - x[3]
    sum_y = y[0] - y[1] + y[2] - y[3]
    x12, y12 = x[1] - x[2], y[1] - y[2]
    x32, y32 = x[3] - x[2], y[3] - y[2]
    area = _safe_divisor(x12 * y32 - x32 * y12)
    g = (sum_x * y32 - x32 * sum_y) / area
    h = (x12 * sum_y - sum_x * y12) / area
    return _stack_matrix(
        [
            x[1] - x[0] + g * x[1],
            x[3] - x[0] + h * x[3],
            x[0],
            y[1] - y[0] + g * y[1],
            y[3] - y[0] + h * y[3],
            y[0],
            g,
            h,
            ops.ones_like(g),
        ]
    )


def _adjugate(matrices):
    """The inverse of [N, 3, 3] times its determinant: the same homography."""
    a, b, c = (matrices[:, 0, column] for column in range(3))
    d, e, f = (matrices[:, 1, column] for column in range(3))
    g, h, i = (matrices[:, 2, column] for column in range(3))
    return _stack_matrix(
        [
            e * i - f * h,
            c * h - b * i,
            b * f - c * e,
            f * g - d * i,
            a * i - c * g,
            c * d - a * f,
            d * h - e * g,
            b * g - a * h,
            a * e - b * d,
        ]
    )


def _normalise(matrices):
    return matrices / _safe_divisor(matrices[:, 2:, 2:])


def homography_from_corners(source, target):
    """Find the homographies that map four points to four points.

    `source` and `target` are [N, 4, 2], (x, y) in pixels, no three of one
    quadrilateral on a line. Returns [N, 3, 3] with H[2, 2] = 1 and
    target ~ H (x, y, 1). Degenerate corners give finite, meaningless
    values, not an error. Raises ValueError on another shape.
    """
    source, target = to_compute_dtype(source), to_compute_dtype(target)
    for name, corners in (("source", source), ("target", target)):
        if tuple(corners.shape[1:]) != (4, 2):
            raise ValueError(
                f"`{name}` must be [N, 4, 2]. "
                f"Received: shape={tuple(corners.shape)}"
            )
    to_source = _square_to_quadrilateral(source)
    to_target = _square_to_quadrilateral(target)
    return _normalise(ops.matmul(to_target, _adjugate(to_source)))


def corner_offsets_to_homographies(offsets, height, width):
    """Turn moves of an image's four corners into a warp and its inverse.

    `offsets` is [N, 4, 2], (x, y) in pixels, for top left, top right, bottom
    right, bottom left; the corners are (0, 0), (width, 0), (width, height),
    (0, height). Returns (forward, inverse), each [N, 3, 3] with [2, 2] = 1:
    `projective_warp(images, forward)` draws the image inside the moved
    corners, `projective_warp(those, inverse)` brings it back.

    StegaStamp's `get_rand_transform_matrix`, where the inverse was not
    divided by its [2, 2], which moved corners by up to 16 pixels of 400.
    """
    offsets = to_compute_dtype(offsets)
    corners = ops.convert_to_tensor(
        [[[0, 0], [width, 0], [width, height], [0, height]]],
        dtype=offsets.dtype,
    )
    moved = corners + offsets
    corners = ops.broadcast_to(corners, ops.shape(moved))
    return (
        homography_from_corners(moved, corners),
        homography_from_corners(corners, moved),
    )


def sample_bilinear(images, x, y, fill="zeros"):
    """Sample images at real positions, bilinearly.

    `images` is [N, H, W, C]; `x` and `y` are [N, h, w] in pixels. With
    `fill` "zeros" each neighbour outside the image counts as 0, so edges
    fade over one pixel; with "edge" positions are moved to the nearest inside
    the image. Returns [N, h, w, C], float32 (float64 for float64 images),
    differentiable in all three. Raises ValueError on an unknown `fill` or
    when H, W or C is not known while the graph is built.
    """
    check_choice("fill", fill, ("zeros", "edge"))
    images = to_compute_dtype(images)
    if len(images.shape) != 4 or None in tuple(images.shape[1:]):
        raise ValueError(
            "`images` must be [N, height, width, channels], all but N known. "
            f"Received: shape={tuple(images.shape)}"
        )
    x, y = ops.cast(x, images.dtype), ops.cast(y, images.dtype)
    _, height, width, channels = images.shape
    # Two pixels outside nothing is left to see, and the integers below
    # cannot overflow however far a homography reaches.
    margin = 2.0 if fill == "zeros" else 0.0
    x = ops.clip(x, -margin, width - 1.0 + margin)
    y = ops.clip(y, -margin, height - 1.0 + margin)
    left, top = ops.stop_gradient(ops.floor(x)), ops.stop_gradient(ops.floor(y))
    right_weight, bottom_weight = x - left, y - top
    left, top = ops.cast(left, "int32"), ops.cast(top, "int32")

    batch = ops.shape(images)[0]
    pixels = ops.reshape(images, (-1, channels))
    first = ops.reshape(
        ops.arange(batch, dtype="int32") * (height * width), (-1, 1, 1)
    )

    def inside(index, size):
        return ops.cast(ops.logical_and(index >= 0, index < size), images.dtype)

    columns = []
    for index, weight in (
        (left, 1.0 - right_weight),
        (left + 1, right_weight),
    ):
        if fill == "zeros":
            weight = weight * inside(index, width)
        columns.append((ops.clip(index, 0, width - 1), weight))
    result = 0.0
    for row, row_weight in (
        (top, 1.0 - bottom_weight),
        (top + 1, bottom_weight),
    ):
        if fill == "zeros":
            row_weight = row_weight * inside(row, height)
        row = ops.clip(row, 0, height - 1) * width + first
        for column, column_weight in columns:
            weight = ops.expand_dims(row_weight * column_weight, -1)
            result = result + weight * ops.take(pixels, row + column, axis=0)
    return result


def _pixel_grid(height, width, dtype):
    y, x = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    return (
        ops.convert_to_tensor(x[None], dtype=dtype),
        ops.convert_to_tensor(y[None], dtype=dtype),
    )


def projective_warp(images, homographies, output_size=None, fill="zeros"):
    """Warp images by homographies with bilinear sampling.

    `images` is [N, H, W, C]; `homographies` is [N, 3, 3] or [1, 3, 3] and
    maps an OUTPUT pixel to the INPUT position it shows: out(x, y) samples
    images at H (x, y, 1). `output_size` is (height, width), by default the
    input's. `fill` is "zeros" or "edge", see `sample_bilinear`. Returns
    [N, height, width, C], differentiable in both. Raises ValueError on
    another shape or an unknown `fill`.

    As `tf.contrib.image.transform`, whose eight numbers are the first eight
    of H.
    """
    images = to_compute_dtype(images)
    homographies = ops.cast(homographies, images.dtype)
    if tuple(homographies.shape[1:]) != (3, 3):
        raise ValueError(
            "`homographies` must be [N, 3, 3]. "
            f"Received: shape={tuple(homographies.shape)}"
        )
    height, width = output_size or images.shape[1:3]
    x, y = _pixel_grid(height, width, images.dtype)

    def row(index):
        a, b, c = (
            homographies[:, index, column][:, None, None] for column in range(3)
        )
        return a * x + b * y + c

    divisor = _safe_divisor(row(2))
    sample_x, sample_y = row(0) / divisor, row(1) / divisor
    return sample_bilinear(images, sample_x, sample_y, fill)


def dense_image_warp(images, flow):
    """Move every pixel by its own flow, as tensorflow-addons does.

    `images` is [N, H, W, C]; `flow` is [N, H, W, 2] in pixels, (y, x) order:
    out[n, j, i] = images[n, j - flow[n, j, i, 0], i - flow[n, j, i, 1]],
    bilinear, positions outside moved to the border. Returns [N, H, W, C],
    differentiable in both. Raises ValueError if the shapes disagree.
    """
    images = to_compute_dtype(images)
    flow = ops.cast(flow, images.dtype)
    height, width = images.shape[1:3]
    if tuple(flow.shape[1:]) != (height, width, 2):
        raise ValueError(
            f"`flow` must be [N, {height}, {width}, 2]. "
            f"Received: shape={tuple(flow.shape)}"
        )
    x, y = _pixel_grid(height, width, images.dtype)
    return sample_bilinear(
        images, x - flow[..., 1], y - flow[..., 0], fill="edge"
    )
