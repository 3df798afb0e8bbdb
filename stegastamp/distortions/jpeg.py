"""A photo that is sent on as JPEG."""

from keras import ops

from shared.ops.jpeg import jpeg
from shared.training.settings import Setting
from stegastamp.distortions.record import Distortion


def enlarged(images, scale, code):
    """What a codec does to a photo that is `scale` times larger.

    A stamp is stretched onto a photo of several times its size. What the codec
    changed is added, not what enlarging and shrinking did.

    Args:
        images: [N, H, W, 3] in [0, 1].
        scale: int.
        code: Function of enlarged images.

    Returns:
        Images of the same shape, in [0, 1].
    """
    height, width = images.shape[1:3]
    large = ops.image.resize(images, (scale * height, scale * width))
    changed = ops.average_pool(code(large) - large, scale, scale)
    return ops.clip(images + changed, 0.0, 1.0)


def _jpeg(images, levels, settings, draw):
    lowest = 100.0 - levels["jpeg"] * (100.0 - settings["jpeg_quality"])
    quality = lowest + (100.0 - lowest) * draw.uniform(0.0, 1.0)
    return enlarged(
        images,
        settings["jpeg_scale"],
        lambda large: jpeg(large, quality, rounding=settings["jpeg_rounding"]),
    )


JPEG = Distortion(
    settings={
        "jpeg_quality": Setting("Least JPEG quality, 1 to 100."),
        "jpeg_quality_ramp": Setting("paper: steps of JPEG's rise."),
        "no_jpeg": Setting("Leave JPEG out of the chain."),
        "jpeg_scale": Setting(
            "Enlarge photos so many times while JPEG has them."
        ),
        "jpeg_rounding": Setting(
            "What stands for JPEG's rounding.", choices=("cubic", "cubic_zero")
        ),
    },
    ramps={"jpeg": "jpeg_quality_ramp"},
    apply=_jpeg,
    on=lambda settings: not settings["no_jpeg"],
)
