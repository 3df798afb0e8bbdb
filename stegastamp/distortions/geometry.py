"""A photo that is not quite aligned when it is read."""

from keras import ops

from shared.ops.warp import corner_offsets_to_homographies, projective_warp
from shared.training.settings import Setting
from stegastamp.distortions.record import Distortion

# Which edges (left, top, right, bottom) meet in each corner, as (x, y).
_CORNERS = ((0, 1), (2, 1), (2, 3), (0, 3))


def _edge_offsets(draw, height, width, share):
    """Corner offsets [N, 4, 2] in pixels of edges that move on their own."""
    edges = share * draw.uniform(-1.0, 1.0, 4)
    corners = [
        ops.stack([width * edges[:, x], height * edges[:, y]], axis=-1)
        for x, y in _CORNERS
    ]
    return ops.stack(corners, axis=1)


def _align(images, levels, settings, draw):
    height, width = images.shape[1:3]
    level = levels["align"]
    offsets = draw.corner_offsets(height, width, settings["rnd_align"] * level)
    if settings["rnd_shift"]:
        share = settings["rnd_shift"] * level
        offsets = offsets + _edge_offsets(draw, height, width, share)
    warp, _ = corner_offsets_to_homographies(offsets, height, width)
    return projective_warp(images, warp, fill="edge")


ALIGN = Distortion(
    settings={
        "rnd_align": Setting(
            "Corner shift which stays before the decoder, of the width."
        ),
        "rnd_shift": Setting(
            "Shift of each edge which stays before the decoder, of the side: "
            "a crop or a border that the search has not quite undone.",
            0.0,
            low=0.0,
            high=0.4,
            before=0.0,
        ),
    },
    ramps={"align": "rnd_trans_ramp"},
    apply=_align,
    on=lambda settings: settings["rnd_align"] or settings["rnd_shift"],
)
