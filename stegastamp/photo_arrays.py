"""Photos as a program has them: gray or colour, bytes, shorts or floats."""

import cv2
import numpy as np

# Rec. 601 luma of RGB, as in JPEG.
LUMA = np.array([0.299, 0.587, 0.114], np.float32)

_DEPTHS = {
    np.dtype(np.uint8): cv2.CV_8U,
    np.dtype(np.uint16): cv2.CV_16U,
    np.dtype(np.float32): cv2.CV_32F,
    np.dtype(np.float64): cv2.CV_64F,
}


def split(image):
    """Checks a photo and takes it apart.

    Args:
        image: [H, W], [H, W, 1], [H, W, 3] RGB or [H, W, 4] RGBA; uint8,
            uint16, or float in [0, 1].

    Returns:
        (color, alpha, scale): [H, W, 1 or 3]; [H, W, 1] or None; the full
        scale of the type.

    Raises:
        ValueError: for a photo that is not as above.
    """
    image = np.asarray(image)
    if image.dtype == np.uint8:
        scale = 255.0
    elif image.dtype == np.uint16:
        scale = 65535.0
    elif image.dtype in (np.float32, np.float64):
        scale = 1.0
        # A photo in 0..255 floats would come out as noise.
        if image.size and not (image.min() >= 0 and image.max() <= 1):
            raise ValueError("a photo of floats must lie in [0, 1]")
    else:
        raise ValueError(
            "a photo must be uint8, uint16, or float in [0, 1]. Received: "
            f"dtype={image.dtype}"
        )
    if image.ndim == 2:
        return image[..., None], None, scale
    if image.ndim != 3 or image.shape[2] not in (1, 3, 4) or not image.size:
        raise ValueError(
            "a photo has shape [H, W], [H, W, 1], [H, W, 3] or [H, W, 4]. "
            f"Received: shape={image.shape}"
        )
    if image.shape[2] == 4:
        return np.ascontiguousarray(image[..., :3]), image[..., 3:], scale
    return image, None, scale


def blend(color, residual, scale):
    """Adds a residual to a photo.

    Args:
        color: [H, W, C] of any type, see `split`.
        residual: float32 [h, w, C], as a share of full scale.
        scale: full scale of `color`.

    Returns:
        (stamped, residual): [H, W, C] of the type of `color`, clipped; the
        residual at that size.
    """
    # OpenCV's resize and sum run on every core, and the sum needs no float
    # copy of the photo.
    height, width, channels = color.shape
    residual = cv2.resize(
        residual, (width, height), interpolation=cv2.INTER_CUBIC
    ).reshape(height, width, channels)
    stamped = cv2.addWeighted(
        color, 1.0, residual, scale, 0.0, dtype=_DEPTHS[color.dtype]
    ).reshape(color.shape)
    if scale == 1.0:
        stamped = np.clip(stamped, 0.0, 1.0)
    return stamped, residual


def add(image, residual):
    """A photo with a residual of its own size.

    Args:
        image: As in `split`.
        residual: float32 [H, W, 1 or 3], as a share of full scale.

    Returns:
        The sum in the shape and type of `image`, clipped; alpha untouched.

    Raises:
        ValueError: for a photo that is not as in `split`.
    """
    color, alpha, scale = split(image)
    total, _ = blend(color, residual, scale)
    if alpha is not None:
        total = np.concatenate([total, alpha], axis=2)
    return total.reshape(np.shape(image))


def as_rgb(image):
    """A photo [H, W, 1 or 3] with three channels."""
    return np.repeat(image, 3, axis=2) if image.shape[2] == 1 else image
