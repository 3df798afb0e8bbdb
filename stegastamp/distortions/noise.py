"""A sensor in little light."""

from keras import ops

from shared.training.settings import Setting
from stegastamp.distortions.record import Distortion


def _noise(images, levels, settings, draw):
    share = draw.uniform(0.0, 1.0, 1, 1, 1)
    sigma = settings["rnd_noise"] * levels["noise"] * share
    return ops.clip(images + sigma * draw.normal_like(images), 0.0, 1.0)


NOISE = Distortion(
    settings={
        "rnd_noise": Setting("Largest standard deviation of the noise."),
        "rnd_noise_ramp": Setting("paper: steps of the noise's rise."),
    },
    ramps={"noise": "rnd_noise_ramp"},
    apply=_noise,
)
