"""A photo that is sent on as WebP."""

from shared.ops.webp import webp
from shared.training.settings import Setting
from stegastamp.distortions.jpeg import enlarged
from stegastamp.distortions.record import Distortion


def _webp(images, levels, settings, draw):
    lowest = 100.0 - levels["webp"] * (100.0 - settings["webp_quality"])
    quality = lowest + (100.0 - lowest) * draw.uniform(0.0, 1.0)
    scale = settings["jpeg_scale"]
    return enlarged(images, scale, lambda large: webp(large, quality))


WEBP = Distortion(
    settings={
        "webp_quality": Setting(
            "Least WebP quality; 100 leaves WebP out of the chain.",
            100.0,
            low=0.0,
            high=100.0,
            before=100.0,
        ),
        "webp_quality_ramp": Setting(
            "paper: steps of WebP's rise.", 1000, low=0, before=1000
        ),
    },
    ramps={"webp": "webp_quality_ramp"},
    apply=_webp,
    on=lambda settings: settings["webp_quality"] < 100.0,
)
