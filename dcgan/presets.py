"""Settings of a training, and named recipes of all of them."""

from dcgan.networks import FAMILIES, RESIZERS
from shared.gan import GENERATOR_LOSSES, LATENTS
from shared.training.settings import Setting, Settings

# The project report's: losses, rates, networks. "Flipped labels" of its
# generator are the non-saturating loss.
_REPORT = dict(
    networks="report",
    resizer=None,
    dropout=0.3,
    batch_size=128,
    epochs=50,
    learning_rate=2e-4,
    discriminator_learning_rate=2e-4,
    beta_1=0.5,
    latent="normal",
    generator_loss="non_saturating",
    separate_batches=False,
    real_label=1.0,
    label_flip=0.0,
    label_noise=0.0,
    conditional=False,
    average=0.0,
)

# For a laptop: many small steps, smoothed labels, a batch each for real and
# generated images, and the generator's weights averaged over the steps.
_QUICK = _REPORT | dict(
    batch_size=64,
    epochs=6,
    learning_rate=4e-4,
    discriminator_learning_rate=4e-4,
    separate_batches=True,
    real_label=0.9,
    average=0.995,
)

# Where the images have classes: both players are told them, and the
# discriminator learns four times as fast as the generator.
_CONDITIONAL = _QUICK | dict(
    dropout=0.0,
    learning_rate=2e-4,
    discriminator_learning_rate=8e-4,
    separate_batches=False,
    conditional=True,
    average=0.999,
)

# What the keras.io example does, in the same harness.
_KERAS_IO = _REPORT | dict(
    networks="keras_io",
    dropout=0.0,
    batch_size=64,
    epochs=30,
    learning_rate=3e-4,
    discriminator_learning_rate=3e-4,
    beta_1=0.9,
    label_noise=0.05,
)

PRESETS = {
    "report": _REPORT,
    "quick": _QUICK,
    "conditional": _CONDITIONAL,
    "keras_io": _KERAS_IO,
}

SETTINGS = Settings(
    {
        "networks": Setting(
            "The report's networks, or those of the keras.io examples.",
            choices=tuple(FAMILIES),
        ),
        "resizer": Setting(
            "How the report's generator doubles sizes. By default "
            "upsampling below 64 pixels, transposed convolution from there.",
            choices=tuple(RESIZERS),
            kind=str,
        ),
        "dropout": Setting(
            "Rate of dropout in the discriminator below 64 pixels.",
            low=0.0,
            high=0.95,
        ),
        "batch_size": Setting(
            "Real images a step, and as many generated ones.",
            low=2,
            high=1 << 16,
        ),
        "epochs": Setting(
            "Passes over the images.", low=1, high=1 << 20, resumable=True
        ),
        "learning_rate": Setting("Of the generator (Adam).", resumable=True),
        "discriminator_learning_rate": Setting(
            "Of the discriminator (Adam).", resumable=True
        ),
        "beta_1": Setting("Adam's first moment, of both."),
        "latent": Setting(
            "Distribution of the latents: N(0, 1) or U(-1, 1).",
            choices=tuple(LATENTS),
        ),
        "generator_loss": Setting(
            "non_saturating flips the generator's labels; minimax is the "
            "original loss.",
            choices=tuple(GENERATOR_LOSSES),
        ),
        "separate_batches": Setting(
            "Show the discriminator real and generated images in a batch each."
        ),
        "real_label": Setting(
            "The discriminator's label of real images; 0.9 is one-sided "
            "label smoothing."
        ),
        "label_flip": Setting(
            "Share of the discriminator's labels that are swapped.",
            low=0.0,
            high=0.49,
        ),
        "label_noise": Setting("Largest noise on the discriminator's labels."),
        "conditional": Setting(
            "Tell both players the images' classes: far better images, and "
            "of the class that is asked for. For a set with classes, or a "
            "folder with a folder for each class."
        ),
        "average": Setting(
            "Ship the mean of the generator's weights, this share of it "
            "kept at each step (e.g. 0.999); 0 ships the weights as they "
            "are.",
            low=0.0,
            high=0.99999,
        ),
        "steps": Setting(
            "Steps of the whole training, in place of --epochs.",
            kind=int,
            low=1,
            resumable=True,
        ),
        "steps_per_report": Setting(
            "Steps between grids, checkpoints and health checks. Default: "
            "one pass over the images.",
            kind=int,
            low=1,
        ),
        "stop_on_failure": Setting(
            "Stop when the health has been bad for three reports in a row.",
            False,
            resumable=True,
        ),
    },
    PRESETS,
    "report",
    {
        "report": (
            "the project report's, 50 passes over MNIST at 3 minutes of a core "
            "each"
        ),
        "quick": (
            "for a laptop: 2,808 steps, 3 passes over MNIST, in 12 minutes of "
            "a core, FCD 23"
        ),
        "conditional": (
            "for images with classes: MNIST in 19 minutes of a core, FCD 5.9, "
            "98.8 % of the samples confident"
        ),
        "keras_io": "the keras.io example's recipe, for comparison",
    },
)
