"""Named recipes: what a training does unless a flag says otherwise."""

# The project report's: losses, rates, networks. "Flipped labels" of its
# generator are the non-saturating loss.
_REPORT = dict(
    networks="report",
    resizer="upsampling",
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
