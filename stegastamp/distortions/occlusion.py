"""A photo of which a part is gone: cut off, or under something else."""

from keras import ops

from shared.ops.warp import sample_bilinear
from shared.training.settings import Setting
from stegastamp.distortions.record import Distortion


def _grid(height, width):
    """Pixel positions x [1, 1, width] and y [1, height, 1]."""
    x = ops.reshape(ops.arange(width, dtype="float32"), (1, 1, width))
    y = ops.reshape(ops.arange(height, dtype="float32"), (1, height, 1))
    return x, y


def cut_off(images, shares):
    """Shows the edges of what is left where a photo was cut off.

    That is what `stegastamp.views` shows the decoder of a cropped photo which
    it has put in its place.

    Args:
        images: [N, H, W, C].
        shares: [N, 4] of the sides: what is gone at left, top, right, bottom.

    Returns:
        Images of the same shape.
    """
    height, width = images.shape[1:3]
    x, y = _grid(height, width)
    left, top, right, bottom = (shares[:, i, None, None] for i in range(4))
    x = ops.maximum(x, left * width)
    x = ops.minimum(x, (1.0 - right) * width - 1.0)
    y = ops.maximum(y, top * height)
    y = ops.minimum(y, (1.0 - bottom) * height - 1.0)
    x, y = x + ops.zeros_like(y), y + ops.zeros_like(x)
    return sample_bilinear(images, x, y, fill="edge")


def _crop(images, levels, settings, draw):
    # Half of the photos lose nothing; the sides of the others lose alike in
    # some, and each its own in others.
    amount = ops.maximum(draw.uniform(-1.0, 1.0, 1), 0.0)
    alike = draw.uniform(0.0, 1.0, 1)
    each = draw.uniform(0.0, 1.0, 4)
    shares = amount * (alike + (1.0 - alike) * each)
    return cut_off(images, settings["rnd_crop"] * levels["crop"] * shares)


CROP = Distortion(
    settings={
        "rnd_crop": Setting(
            "Largest share that is cut off each side; the place of what is "
            "left is known, but for rnd_align and rnd_shift.",
            0.0,
            low=0.0,
            high=0.45,
            before=0.0,
        )
    },
    ramps={"crop": "rnd_trans_ramp"},
    apply=_crop,
    on=lambda settings: settings["rnd_crop"],
)


def _cover(images, levels, settings, draw):
    height, width = images.shape[1:3]
    # Half of the photos stay as they are.
    area = ops.maximum(draw.uniform(-1.0, 1.0, 1, 1), 0.0)
    area = settings["rnd_cover"] * levels["cover"] * area
    stretch = ops.exp(0.7 * draw.uniform(-1.0, 1.0, 1, 1))
    rows = ops.minimum(ops.sqrt(area) * stretch, 1.0) * height
    columns = ops.minimum(ops.sqrt(area) / stretch, 1.0) * width
    top = draw.uniform(0.0, 1.0, 1, 1) * (height - rows)
    left = draw.uniform(0.0, 1.0, 1, 1) * (width - columns)
    x, y = _grid(height, width)
    inside = (x >= left) & (x < left + columns) & (y >= top) & (y < top + rows)
    # A plain colour, or another photo.
    plain = draw.uniform(0.0, 1.0, 1, 1, 3)
    other = ops.stop_gradient(ops.roll(images, 1, axis=0))
    sticker = ops.where(draw.uniform(0.0, 1.0, 1, 1, 1) < 0.5, plain, other)
    return ops.where(inside[..., None], sticker, images)


COVER = Distortion(
    settings={
        "rnd_cover": Setting(
            "Largest share of the photo under a sticker.",
            0.0,
            low=0.0,
            high=0.6,
            before=0.0,
        )
    },
    ramps={"cover": "rnd_trans_ramp"},
    apply=_cover,
    on=lambda settings: settings["rnd_cover"],
)
