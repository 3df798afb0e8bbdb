"""A photo that is not quite aligned when it is read."""

from shared.ops.warp import corner_offsets_to_homographies, projective_warp
from shared.training.settings import Setting
from stegastamp.distortions.record import Distortion


def _align(images, levels, settings, draw):
    height, width = images.shape[1:3]
    offsets = draw.corner_offsets(
        height, width, settings["rnd_align"] * levels["align"]
    )
    warp, _ = corner_offsets_to_homographies(offsets, height, width)
    return projective_warp(images, warp, fill="edge")


ALIGN = Distortion(
    settings={
        "rnd_align": Setting(
            "Corner shift which stays before the decoder, of the width."
        )
    },
    ramps={"align": "rnd_trans_ramp"},
    apply=_align,
    on=lambda settings: settings["rnd_align"],
)
