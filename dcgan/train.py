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

from dcgan import data_flags
from dcgan.batches import ImageBatches
from dcgan.conditional_gan import ConditionalGan
from dcgan.data import first_images
from dcgan.datasets import DATASETS, load_images
from dcgan.features import Classifier, shipped_classifier
from dcgan.health import Health
from dcgan.latent_space import LatentSpace
from dcgan.networks import LARGE, build_networks
from dcgan.presets import SETTINGS
from dcgan.watch import Watch
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.gan import Gan, GanRules
from shared.training import RunOptions, fit_run, resume


def define_flags(values=flags.FLAGS) -> None:
    """Defines the command's flags; defaults come from the preset."""
    RunOptions.define_flags(values)
    data_flags.define_flags(
        "What to learn.",
        list(DATASETS),
        values,
    )
    flags.DEFINE_integer(
        "limit",
        None,
        "Learn the first so many images only.",
        lower_bound=1,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "channels", 3, "Channels of a folder: 1 or 3.", flag_values=values
    )
    flags.DEFINE_integer(
        "crop_size",
        0,
        "Side in pixels of the middle square of a photo which is learned; 0 "
        "takes the shorter side.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "mixed_sizes",
        False,
        "Allow a folder of images of several sizes.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "classifier",
        None,
        "Classifier (.onnx) that counts the samples' classes. Default: the "
        "one that ships for the data set.",
        flag_values=values,
    )
    SETTINGS.define_flags(values)


def choose_resizer(settings: dict, size: int) -> str:
    """The resizer of the report's networks: by name, or by their size."""
    # The report's 64-pixel generator has transposed convolutions.
    return settings["resizer"] or (
        "transposed" if size >= LARGE else "upsampling"
    )


def build_game(
    settings: dict, size: int, channels: int, seed: int, classes: int
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
        choose_resizer(s, size),
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


def find_classifier(values):
    """The classifier that watches classes, or None where there is none."""
    path = values.classifier or shipped_classifier(values.dataset)
    if values.classifier or path.exists():
        return Classifier(path, values.threads)
    return None


def read_images(values, conditional: bool):
    """The images that flags ask for.

    Raises:
        UserError: naming the flag or the file that does not fit.
    """
    record = DATASETS[values.dataset]
    if conditional and not (record.class_names or record.any_classes):
        raise UserError(
            f"--conditional: {record.name} has no classes; take another "
            "--preset, or --noconditional"
        )
    if values.channels not in (1, 3):
        raise UserError(f"--channels: {values.channels} is neither 1 nor 3")
    images = load_images(
        values.dataset,
        values.data_dir,
        channels=values.channels,
        crop_size=values.crop_size,
        mixed_sizes=values.mixed_sizes,
        class_folders=conditional and record.any_classes,
    )
    if values.limit:
        images = images.take(first_images(images, values.limit))
    return images


def count_steps(settings: dict, images: int) -> tuple[int, int]:
    """Steps of a report, and of the whole training.

    Raises:
        UserError: If there are too few images or steps.
    """
    batch_size = settings["batch_size"]
    if images < batch_size:
        raise UserError(
            f"--batch_size: {batch_size} is more than the {images} images"
        )
    per_pass = images // batch_size
    per_report = settings["steps_per_report"] or per_pass
    steps = settings["steps"] or settings["epochs"] * per_pass
    if steps < per_report:
        raise UserError(
            f"--steps: {steps} are fewer than the {per_report} of a report "
            "(--steps_per_report)"
        )
    return per_report, steps


def count_classes(settings: dict, images) -> int:
    """Classes that the players are told; 0 for none.

    Raises:
        UserError: If they are to be told, and the images have none.
    """
    if not settings["conditional"]:
        return 0
    if images.labels is None or not images.class_names:
        raise UserError(
            "--conditional: the images have no classes; take another "
            "--preset, or --noconditional"
        )
    return len(images.class_names)


def train(
    options: RunOptions,
    settings: dict,
    images,
    *,
    classifier=None,
    dataset="folder",
    crop_size=0,
) -> Health:
    """Trains to the last step; a run that was stopped goes on.

    Args:
        options: How the training is run.
        settings: What is learned: `SETTINGS.choose("quick", steps=500)`.
        images: `dcgan.data.ImageSet`.
        classifier: `dcgan.features.Classifier` that watches the samples'
            classes, or None.
        dataset: Name of the data set; `DATASETS` need not have it.
        crop_size: What the images were cropped to, which is kept.

    Returns:
        The training's health at the end.

    Raises:
        UserError: If the run directory holds a run of other settings, a
            setting or the classifier does not fit the images, or a training
            failed that is to stop then.
    """
    per_report, steps = count_steps(settings, len(images))
    size, channels = images.pixels.shape[2:]
    classes = count_classes(settings, images)
    if classifier:
        classifier.check_fits(images)
    run_dir = options.open_run(
        SETTINGS,
        settings
        | {
            "resizer": choose_resizer(settings, size),
            "steps_per_report": per_report,
        },
        **({"class_names": list(images.class_names)} if classes else {}),
        dataset=dataset,
        images=len(images),
        size=size,
        channels=channels,
        crop_size=crop_size,
    )
    print(
        f"{len(images)} images, {size} x {size} x {channels}; "
        f"{len(images) // settings['batch_size']} steps a pass, {steps} in "
        f"all; run directory {run_dir}",
        flush=True,
    )
    with options.policy():
        with options.scope():
            game = build_game(settings, size, channels, options.seed, classes)
            game.compile(**options.compiling)
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
            settings["stop_on_failure"],
        )
        fit_run(
            game,
            ImageBatches(
                images.pixels,
                settings["batch_size"],
                per_report,
                options.seed,
                before["step"],
                images.labels if settings["conditional"] else None,
            ),
            options,
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
    if settings["stop_on_failure"] and health.failed:
        raise UserError(f"stopped: {health.state}; see {run_dir}/curves.png")
    return health


def shipped_generator(settings, game, size, channels, classes):
    """The generator that is saved: the one that learns, or its mean's copy."""
    if not settings["average"]:
        return game.generator
    generator, _ = build_networks(
        settings["networks"],
        size,
        channels,
        choose_resizer(settings, size),
        settings["dropout"],
        classes,
    )
    return generator


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    options = RunOptions.from_flags(values)
    settings = SETTINGS.from_flags(values)
    options.limit_threads()
    classifier = find_classifier(values)
    images = read_images(values, settings["conditional"])
    health = train(
        options,
        settings,
        images,
        classifier=classifier,
        dataset=values.dataset,
        crop_size=values.crop_size,
    )
    print(f"done: {options.run_dir} ({health.state})")


if __name__ == "__main__":
    define_flags()
    run_main(main)
