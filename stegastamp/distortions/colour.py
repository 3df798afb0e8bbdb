"""What printing, light and a camera do to colours."""

from keras import ops

from shared.training.settings import Setting
from stegastamp.distortions.record import Distortion

LUMA = (0.3, 0.6, 0.1)


def change_colours(images, contrast, shift, gray_share):
    """Changes light and colour as the original's chain does.

    Args:
        images: [N, H, W, 3]; clipped to [0, 1] first.
        contrast: Factor, [N, 1, 1, 1].
        shift: Added after it, [N, 1, 1, 3] or [N, 1, 1, 1].
        gray_share: Share of the colour that is taken away, [N, 1, 1, 1].

    Returns:
        Images of the same shape, in [0, 1].
    """
    images = ops.clip(images, 0.0, 1.0) * contrast + shift
    images = ops.clip(images, 0.0, 1.0)
    gray = ops.sum(images * ops.array(LUMA), axis=-1, keepdims=True)
    return images * (1.0 - gray_share) + gray * gray_share


def _colours(images, levels, settings, draw):
    contrast = levels["contrast"]
    low = 1.0 - (1.0 - settings["contrast_low"]) * contrast
    high = 1.0 + (settings["contrast_high"] - 1.0) * contrast
    brightness = settings["rnd_bri"] * levels["brightness"]
    hue = settings["rnd_hue"] * levels["hue"]
    return change_colours(
        images,
        low + (high - low) * draw.uniform(0.0, 1.0, 1, 1, 1),
        brightness * draw.uniform(-1.0, 1.0, 1, 1, 1)
        + hue * draw.uniform(-1.0, 1.0, 1, 1, 3),
        settings["rnd_sat"]
        * levels["saturation"]
        * draw.uniform(0.0, 1.0, 1, 1, 1),
    )


COLOURS = Distortion(
    settings={
        "rnd_bri": Setting("Largest brightness shift."),
        "rnd_bri_ramp": Setting("paper: steps of the brightness's rise."),
        "rnd_hue": Setting("Largest shift of each channel alone."),
        "rnd_hue_ramp": Setting("paper: steps of the hue's rise."),
        "contrast_low": Setting("Least contrast."),
        "contrast_high": Setting("Largest contrast."),
        "contrast_ramp": Setting("paper: steps of the contrast's rise."),
        "rnd_sat": Setting("Largest share of colour taken away."),
        "rnd_sat_ramp": Setting("paper: steps of the saturation's rise."),
    },
    ramps={
        "brightness": "rnd_bri_ramp",
        "contrast": "contrast_ramp",
        "saturation": "rnd_sat_ramp",
        "hue": "rnd_hue_ramp",
    },
    apply=_colours,
)
