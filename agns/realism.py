"""Measures whether a fresh discriminator can tell generated frames.

    python -m agns.realism --images_dir frames --save_dir realism

A new discriminator, without minibatch discrimination, learns to tell one half
of the real frames from as many generated ones, and is asked about the other
half. An area under the ROC curve of .5 means that it cannot; 1 that it always
can. `--glasses_dir` asks about pictures, such as those of an attack, instead
of the generator.
"""

from pathlib import Path

import keras
import numpy as np
from absl import flags

import shared.outputs
import shared.report_files
from agns.data import FrameBatches
from agns.frames import crop, load_frames, load_mask, place
from agns.models import (
    EYEGLASS_WEIGHTS,
    answers,
    find_eyeglasses,
    load_eyeglasses,
)
from agns.networks import CODE_SIZE, build_discriminator
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.images import make_directory, write_bytes
from shared.measures.roc import auc, auc_interval
from shared.outputs import refuse_existing
from shared.ranges import levels_to_signed, signed_to_levels
from shared.recipe import make_recipe
from shared.report_files import print_json, to_json
from shared.text import to_bytes
from shared.training import limit_threads


def define_flags() -> None:
    """Defines the command's flags."""
    flags.DEFINE_string("images_dir", None, "Folder of real frames.")
    shared.outputs.define_save_dir("Folder for realism.json.", "report_dir")
    shared.outputs.define_flags()
    flags.DEFINE_string("model", "eyeglasses", "Eyeglass networks.")
    flags.DEFINE_string(
        "glasses_dir",
        None,
        "Folder of frames to judge in place of the model's.",
    )
    flags.DEFINE_integer("frames", 500, "Frames of each kind.", lower_bound=8)
    flags.DEFINE_integer("steps", 100, "Steps of batch 32.", lower_bound=1)
    flags.DEFINE_integer("seed", 0, "Seed of weights, codes and order.")
    flags.DEFINE_integer("threads", 0, "CPU threads; 0 means all of them.")
    shared.report_files.define_flags()
    flags.mark_flags_as_required(["images_dir", "save_dir"])


class Judged(FrameBatches):
    """Batches of (frames, whether they are real), half of each kind."""

    def __init__(self, real, generated, batch_size, seed):
        half = batch_size // 2
        super().__init__(real, half, seed)
        self.other = FrameBatches(generated, half, seed + 1)

    def make(self, step):
        real, generated = super().make(step), self.other.make(step)
        labels = np.repeat([1.0, 0.0], [len(real), len(generated)])
        return (
            np.concatenate([real, generated]),
            labels[:, None].astype("float32"),
        )


def on_frame(frames):
    """Frames cut to the mask, so that only what is seen is judged."""
    mask = load_mask()
    shown = place(levels_to_signed(frames), mask)
    return signed_to_levels(crop(shown))


def judge(real, generated, steps, seed):
    """The AUC of a fresh discriminator on the second halves.

    Args:
        real, generated: uint8 [N, 64, 176, 3].
        steps: Training steps.
        seed: Of weights and order.

    Returns:
        (auc, (low, high)): the area and its 95 % bootstrap interval.
    """
    keras.utils.set_random_seed(seed)
    network = build_discriminator(minibatch=False, momentum=0.9)
    network.compile(
        keras.optimizers.Adam(5e-4, beta_1=0.5),
        keras.losses.BinaryCrossentropy(from_logits=True),
    )
    half = min(len(real), len(generated)) // 2
    batches = Judged(real[:half], generated[:half], 32, seed)
    batches.steps = steps
    network.fit(batches, epochs=1, shuffle=False, verbose=0)
    asked = np.concatenate([real[half : 2 * half], generated[half : 2 * half]])
    scores = answers(network, levels_to_signed(asked))[:, 0]
    labels = np.repeat([1, 0], half)
    return auc(scores, labels), auc_interval(scores, labels)


def _model_files(values):
    if values.glasses_dir:
        return []
    folder = find_eyeglasses(values.model)
    return [folder / name for name in EYEGLASS_WEIGHTS]


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    path = Path(values.save_dir) / "realism.json"
    refuse_existing(path, values.overwrite)
    limit_threads(values.threads)
    random = np.random.default_rng(values.seed)
    real = load_frames(values.images_dir)
    real = real[random.permutation(len(real))[: values.frames]]
    if values.glasses_dir:
        generated = load_frames(values.glasses_dir, values.frames)
    else:
        generator, _ = load_eyeglasses(values.model)
        codes = random.normal(size=(len(real), CODE_SIZE)).astype("float32")
        generated = signed_to_levels(answers(generator, codes))
    if min(len(real), len(generated)) < 8:
        raise UserError("--images_dir: at least 8 frames of each are needed")
    area, interval = judge(
        on_frame(real), on_frame(generated), values.steps, values.seed
    )
    result = {
        "auc": area,
        "interval": list(interval),
        "frames": min(len(real), len(generated)),
        "steps": values.steps,
        "seed": values.seed,
    }
    result["recipe"] = make_recipe("agns.realism", _model_files(values), values)
    make_directory(values.save_dir)
    write_bytes(path, to_bytes(to_json(result)), values.overwrite)
    if values.json:
        print_json(result)
        return
    print(
        f"AUC of a fresh discriminator: {area:.3f} "
        f"({interval[0]:.3f}-{interval[1]:.3f})"
    )


if __name__ == "__main__":
    define_flags()
    run_main(main)
