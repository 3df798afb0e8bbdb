"""Named settings of a whole training."""

from stegastamp.schedule import Stage

# The released run of the original, at its own size.
_PAPER = dict(
    height=400,
    width=400,
    secret_size=100,
    transformer=True,
    zero_mean=False,
    batch_size=4,
    steps=140_000,
    learning_rate=1e-4,
    schedule="paper",
    borders="white",
    no_im_loss_steps=1500,
    rnd_trans=0.1,
    rnd_trans_ramp=10_000,
    rnd_align=0.0,
    rnd_blur=0.5,
    blur_sigma=3.0,
    rnd_bri=0.3,
    rnd_bri_ramp=1000,
    rnd_noise=0.02,
    rnd_noise_ramp=1000,
    rnd_sat=1.0,
    rnd_sat_ramp=1000,
    rnd_hue=0.1,
    rnd_hue_ramp=1000,
    contrast_low=0.5,
    contrast_high=1.5,
    contrast_ramp=1000,
    jpeg_quality=50.0,
    jpeg_quality_ramp=1000,
    no_jpeg=False,
    jpeg_scale=1,
    jpeg_rounding="cubic_zero",
    no_gan=False,
    secret_loss_scale=1.5,
    secret_loss_ramp=1,
    l2_loss_scale=2.0,
    l2_loss_ramp=15_000,
    lpips_loss_scale=1.5,
    lpips_loss_ramp=15_000,
    G_loss_scale=0.5,
    G_loss_ramp=15_000,
    l2_edge_gain=10.0,
    l2_edge_ramp=10_000,
    l2_edge_delay=80_000,
    y_scale=1.0,
    u_scale=100.0,
    v_scale=100.0,
    flat_gain=0.0,
)

# For two CPU cores: whole photos squashed to 128 px, gated. A photo of a few
# megapixels averages noise away on its way to 128 px, so most damage at that
# size is mild. JPEG is not: it erases what is faint and finer than its blocks,
# which a photo several times larger shows, so it works on an enlarged one.
_SMALL = _PAPER | dict(
    height=128,
    width=128,
    transformer=False,
    zero_mean=True,
    batch_size=8,
    steps=30_000,
    learning_rate=4e-4,
    schedule="gated",
    borders="no_edge",
    rnd_trans=0.0,
    rnd_align=0.03,
    rnd_blur=0.1,
    blur_sigma=1.2,
    rnd_bri=0.15,
    rnd_noise=0.02,
    rnd_sat=0.5,
    rnd_hue=0.03,
    jpeg_quality=30.0,
    jpeg_scale=2,
    jpeg_rounding="cubic",
    no_gan=True,
    secret_loss_scale=1.0,
    l2_loss_scale=1000.0,
    lpips_loss_scale=0.0,
    l2_edge_gain=0.0,
    y_scale=1.0,
    u_scale=12.0,
    v_scale=12.0,
    flat_gain=4.0,
)

PRESETS = {"paper": _PAPER, "small": _SMALL}

STAGES = (
    Stage("one batch", ramp=0, hold=0.0, gate=0.9),
    Stage("all photos", ramp=0, hold=0.0, gate=0.93),
    Stage("distortions", ramp=1000, hold=0.9, gate=0.97),
    Stage("image loss", ramp=8000, hold=0.96, gate=0.98),
    Stage("critic", ramp=5000, hold=0.98, gate=0.98),
)
IMAGE_LOSS_DECADES = 4.0


def stated_since(config: dict) -> dict:
    """A run's configuration with what runs begun earlier did not state.

    The schedule used to decide whether the residual's mean was taken off.

    Args:
        config: What `config.json` of a run holds.

    Returns:
        It, with `zero_mean`.
    """
    return {"zero_mean": config.get("schedule", "gated") == "gated"} | config
