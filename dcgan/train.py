"""Trains a DCGAN.

    python -m dcgan.train --dataset mnist --data_dir mnist.npz \\
        --run_dir runs/mnist

The default preset is the report's recipe; its advice is flags. The same
command resumes a run that was stopped. Every report (one pass over the images
unless --steps_per_report says otherwise) writes the 16 fixed latents as a
grid, saves both networks, and names the training's health.
"""

import keras
from absl import flags

from dcgan.batches import ImageBatches
from dcgan.conditional_gan import ConditionalGan
from dcgan.data import DATASETS, first_images, image_size, load_images
from dcgan.features import Classifier, shipped_classifier
from dcgan.health import Health
from dcgan.latent_space import LatentSpace
from dcgan.networks import FAMILIES, RESIZERS, build_networks
from dcgan.presets import PRESETS
from dcgan.watch import Watch
from shared.errors import UserError, no_arguments, run_main
from shared.fit import fit_run, resume
from shared.gan import GENERATOR_LOSSES, LATENTS, Gan, GanRules
from shared.presets import define_preset_flags, preset_settings
from shared.training import (
    define_training_flags,
    distribution_scope,
    limit_threads,
    open_run,
)

FLAGS = flags.FLAGS

CHOICES = {
    "networks": list(FAMILIES),
    "resizer": list(RESIZERS),
    "latent": list(LATENTS),
    "generator_loss": list(GENERATOR_LOSSES),
}

HELP = {
    "networks": "The report's networks, or those of the keras.io examples.",
    "resizer": "How the report's generator doubles sizes.",
    "dropout": "Rate of dropout in the 28-pixel discriminator.",
    "batch_size": "Real images a step, and as many generated ones.",
    "epochs": "Passes over the images.",
    "learning_rate": "Of the generator (Adam).",
    "discriminator_learning_rate": "Of the discriminator (Adam).",
    "beta_1": "Adam's first moment, of both.",
    "latent": "Distribution of the latents: N(0, 1) or U(-1, 1).",
    "generator_loss": "non_saturating flips the generator's labels; minimax "
    "is the original loss.",
    "separate_batches": "Show the discriminator real and generated images in "
    "a batch each.",
    "real_label": "The discriminator's label of real images; 0.9 is one-sided "
    "label smoothing.",
    "label_flip": "Share of the discriminator's labels that are swapped.",
    "label_noise": "Largest noise on the discriminator's labels.",
    "conditional": "Tell both players the images' classes: far better images, "
    "and of the class that is asked for (mnist, fashion_mnist, and a "
    "folder with a folder for each class).",
    "average": "Ship the mean of the generator's weights, this share of it "
    "kept at each step (e.g. 0.999); 0 ships the weights as they are.",
}


def define_flags() -> None:
    """Defines the command's flags; defaults come from the preset."""
    define_training_flags()
    flags.DEFINE_enum("dataset", "mnist", list(DATASETS), "What to learn.")
    flags.DEFINE_string(
        "data_dir",
        None,
        "File or folder of the data set. Default: fetch it through "
        "TensorFlow Datasets.",
    )
    flags.DEFINE_integer(
        "steps", None, "Steps of the whole training, in place of --epochs."
    )
    flags.DEFINE_integer(
        "steps_per_report",
        None,
        "Steps between grids, checkpoints and health checks. Default: one "
        "pass over the images.",
    )
    flags.DEFINE_integer("limit", None, "Learn the first so many images only.")
    flags.DEFINE_integer("channels", 3, "Channels of a folder: 1 or 3.")
    flags.DEFINE_integer(
        "crop_size",
        0,
        "Side in pixels of the middle square of a photo which is learned; 0 "
        "takes the shorter side.",
    )
    flags.DEFINE_bool(
        "mixed_sizes", False, "Allow a folder of images of several sizes."
    )
    flags.DEFINE_string(
        "classifier",
        None,
        "Classifier (.onnx) that counts the samples' classes. Default: the "
        "one that ships for the data set.",
    )
    flags.DEFINE_bool(
        "stop_on_failure",
        False,
        "Stop when the health has been bad for three reports in a row.",
    )
    define_preset_flags(PRESETS, "report", HELP.__getitem__, CHOICES)


def settings_from_flags() -> dict:
    """Merges the preset with the flags that were given.

    Raises:
        UserError: If a value makes no sense.
    """
    settings = preset_settings(PRESETS)
    if image_size(FLAGS.dataset) == 64 and not FLAGS.resizer:
        # The report's 64-pixel generator has transposed convolutions.
        settings["resizer"] = "transposed"
    for name, low, high in (
        ("batch_size", 2, 1 << 16),
        ("epochs", 1, 1 << 20),
        ("dropout", 0.0, 0.95),
        ("average", 0.0, 0.99999),
        ("label_flip", 0.0, 0.49),
    ):
        if not low <= settings[name] <= high:
            raise UserError(
                f"--{name}: {settings[name]} is not between {low} and {high}"
            )
    if settings["conditional"] and FLAGS.dataset == "celeba":
        raise UserError(
            "--conditional: celeba has no classes; take another --preset, or "
            "--noconditional"
        )
    for name in ("steps", "steps_per_report", "limit"):
        value = FLAGS[name].value
        if value is not None and value < 1:
            raise UserError(f"--{name}: {value} is not above 0")
    if FLAGS.channels not in (1, 3):
        raise UserError(f"--channels: {FLAGS.channels} is neither 1 nor 3")
    return settings


def build_game(
    settings: dict, size: int, channels: int, seed: int, classes: int = 10
) -> Gan:
    """Makes the game that settings describe, with fresh weights.

    Args:
        settings: Those of a preset.
        size: Side of the images in pixels.
        channels: Of the images.
        seed: Of the weights and of all that is drawn.
        classes: Classes of the images, which a conditional game is told.
    """
    s = settings
    keras.utils.set_random_seed(seed)
    generator, discriminator = build_networks(
        s["networks"],
        size,
        channels,
        s["resizer"],
        s["dropout"],
        classes=classes if s["conditional"] else 0,
    )
    averaging = {"use_ema": True, "ema_momentum": s["average"]}
    game = ConditionalGan if s["conditional"] else Gan
    return game(
        generator,
        discriminator,
        keras.optimizers.Adam(
            s["learning_rate"],
            beta_1=s["beta_1"],
            **(averaging if s["average"] else {}),
        ),
        keras.optimizers.Adam(
            s["discriminator_learning_rate"], beta_1=s["beta_1"]
        ),
        GanRules(
            latent=s["latent"],
            generator_loss=s["generator_loss"],
            separate_batches=s["separate_batches"],
            real_label=s["real_label"],
            label_flip=s["label_flip"],
            label_noise=s["label_noise"],
        ),
        seed,
    )


def find_classifier():
    """The classifier that watches classes, or None where there is none."""
    if FLAGS.classifier:
        return Classifier(FLAGS.classifier, FLAGS.threads)
    path = shipped_classifier(FLAGS.dataset)
    return Classifier(path, FLAGS.threads) if path.exists() else None


def main(argv) -> None:
    no_arguments(argv)
    settings = settings_from_flags()
    limit_threads(FLAGS.threads)
    keras.config.set_dtype_policy(FLAGS.precision)
    classifier = find_classifier()

    # Data
    images = load_images(
        FLAGS.dataset,
        FLAGS.data_dir,
        channels=FLAGS.channels,
        crop_size=FLAGS.crop_size,
        mixed_sizes=FLAGS.mixed_sizes,
        class_folders=settings["conditional"] and FLAGS.dataset == "folder",
    )
    if FLAGS.limit:
        images = images.take(first_images(images, FLAGS.limit))
    batch_size = settings["batch_size"]
    if len(images) < batch_size:
        raise UserError(
            f"--batch_size: {batch_size} is more than the {len(images)} images"
        )
    size, channels = images.pixels.shape[2:]
    per_pass = len(images) // batch_size
    per_report = FLAGS.steps_per_report or per_pass
    steps = FLAGS.steps or settings["epochs"] * per_pass
    if steps < per_report:
        raise UserError(
            f"--steps: {steps} are fewer than the {per_report} of a report "
            "(--steps_per_report)"
        )

    # Run directory
    classes = len(images.class_names) if settings["conditional"] else 0
    own = FLAGS.dataset == "folder" and classes
    fixed = {k: v for k, v in settings.items() if k != "epochs"}
    run_dir = open_run(
        FLAGS.run_dir,
        fixed
        | ({"class_names": list(images.class_names)} if own else {})
        | {
            "dataset": FLAGS.dataset,
            "images": len(images),
            "size": size,
            "channels": channels,
            "crop_size": FLAGS.crop_size,
            "preset": FLAGS.preset,
            "seed": FLAGS.seed,
            "steps_per_report": per_report,
        },
    )
    print(
        f"{len(images)} images, {size} x {size} x {channels}; {per_pass} steps "
        f"a pass, {steps} in all; run directory {run_dir}",
        flush=True,
    )

    # Game
    with distribution_scope(FLAGS.distribute):
        game = build_game(settings, size, channels, FLAGS.seed, classes)
        game.compile(
            jit_compile=FLAGS.jit_compile,
            steps_per_execution=FLAGS.steps_per_execution,
        )
    before = resume(game, run_dir)
    health = Health(images.class_entropy)
    health.set_state(before["schedule"])
    watch = Watch(
        run_dir,
        health,
        per_report,
        shipped_generator(settings, game, size, channels, classes),
        LatentSpace(game.latent_size, settings["latent"], classes),
        classifier,
        images.pixels,
        FLAGS.stop_on_failure,
    )
    fit_run(
        game,
        ImageBatches(
            images.pixels,
            batch_size,
            per_report,
            FLAGS.seed,
            before["step"],
            images.labels if settings["conditional"] else None,
        ),
        run_dir,
        steps=steps,
        steps_per_epoch=per_report,
        first_step=before["step"],
        exports={
            "generator": watch.generator,
            "discriminator": game.discriminator,
        },
        pictures=lambda: {"samples": watch.grid},
        describe=lambda: health.state,
        get_state=health.get_state,
        marks=lambda: health.changes,
        callbacks=[watch],
    )
    if FLAGS.stop_on_failure and health.failed:
        raise UserError(f"stopped: {health.state}; see {run_dir}/curves.png")
    print(f"done: {run_dir} ({health.state})")


def shipped_generator(settings, game, size, channels, classes):
    """The generator that is saved: the one that learns, or its mean's copy."""
    if not settings["average"]:
        return game.generator
    generator, _ = build_networks(
        settings["networks"],
        size,
        channels,
        settings["resizer"],
        settings["dropout"],
        classes,
    )
    return generator


if __name__ == "__main__":
    define_flags()
    run_main(main)
