"""Measures an attack: what it costs the victim, and what it costs the eye.

    python -m malicious_ae.evaluate --dataset_dir camvid --save_dir report

What is measured is what ships: the ONNX networks, on photos rounded to 8
bits. Beside the attack stand controls of the same PSNR, photo by photo: white
noise, the attack's mean colour cast alone, and JPEG. `--yardsticks` adds PGD
and SegPGD, which know every photo's labels and need Keras and the victim's
weights; `--others` measures other victims on the same transformed photos.
"""

import cv2
import numpy as np
from absl import flags
from tqdm import tqdm

import shared.report_files
from malicious_ae import api, controls
from malicious_ae.classes import check_same
from malicious_ae.data import SPLITS, Frames, GrayCount
from malicious_ae.flags import data_classes, define_data_flags
from malicious_ae.report import FILES, write_report
from malicious_ae.tables import check_occurring, iou_summary
from shared.command import no_arguments, run_main
from shared.images import make_directory
from shared.measures.quality import psnr, ssim
from shared.outputs import check_report_dir, define_save_dir
from shared.ranges import unit_to_levels
from shared.recipe import make_recipe
from shared.report_files import print_report
from shared.segmentation.confusion import Confusion

CURVE = (26, 28, 30, 32, 34, 36, 40)


class Tally:
    """What one kind of change did to all frames.

    Args:
        classes: Class list.
        ignored: Classes that do not count.
        aim: Names of the class that the attacker is after, and of the one to
            read it as (None: any other); None for an attack on all classes.
    """

    def __init__(self, classes, ignored, aim=None):
        self.classes = classes
        self.aim = aim
        self.confusion = Confusion(classes.count, ignored)
        self.quality = {"psnr_db": [], "ssim": [], "linf": []}

    def add(self, photo, changed, labels, predicted) -> None:
        """Counts one frame: uint8 photos [H, W, 3], labels [H, W]."""
        self.confusion.add(labels, predicted)
        if changed is photo:
            return
        self.quality["psnr_db"].append(psnr(photo, changed))
        self.quality["ssim"].append(ssim(photo, changed))
        self.quality["linf"].append(int(cv2.absdiff(photo, changed).max()))

    def summary(self) -> dict:
        """IoU per class and the means and worst of quality."""
        result = iou_summary(self.confusion, self.classes)
        if self.aim:
            source, target = (
                name and self.classes.index(name) for name in self.aim
            )
            result["read_as_wanted"] = self.confusion.read_as(source, target)
        for name, values in self.quality.items():
            if values:
                worst = max(values) if name == "linf" else min(values)
                result[name] = {
                    "mean": float(np.mean(values)),
                    "worst": float(worst),
                }
        return result


class Evaluation:
    """Runs frames through changes and victims, and keeps count.

    Args:
        segmenter: api.Segmenter, the victim.
        attacker: api.Attacker that fits it.
        ignored: Classes that do not count.
        others: Other victims by name, api.Segmenter.
        yardsticks: Functions (photo, labels, rng) -> attacked by name.
        curve: PSNR values in dB at which attack and noise are compared.
        seed: Seed of noise and random starts.
    """

    def __init__(
        self,
        segmenter,
        attacker,
        ignored=(),
        others=None,
        yardsticks=None,
        curve=(),
        seed=0,
    ):
        self.segmenter, self.attacker = segmenter, attacker
        self.ignored, self.seed = ignored, seed
        self.others, self.yardsticks = others or {}, yardsticks or {}
        self.curve = curve
        self.aim = aim_of(attacker)
        self.tallies = {}
        self.samples = []
        self.count = 0

    def _add(self, name, photo, changed, labels, victim=None):
        if name not in self.tallies:
            self.tallies[name] = Tally(
                self.segmenter.classes, self.ignored, self.aim
            )
        predicted = (victim or self.segmenter).segment(changed)
        self.tallies[name].add(photo, changed, labels, predicted)

    def add(self, photo, labels, curve=True, yardsticks=True) -> None:
        """Measures one frame.

        Args:
            photo: uint8 [H, W, 3] of the network's size.
            labels: Class indices [H, W].
            curve: Whether the frame counts in the curve.
            yardsticks: Whether PGD and SegPGD attack it too.
        """
        rng = np.random.default_rng([self.seed, self.count])
        attacked = self.attacker.attack(photo)
        target = psnr(photo, attacked)
        changes = {"clean": photo, "attack": attacked}
        if np.isfinite(target):
            changes |= {
                "noise": controls.gaussian_noise(photo, target, rng),
                "colour_cast": controls.colour_cast(photo, attacked, target),
                "jpeg": controls.jpeg(photo, target),
            }
        for name, changed in changes.items():
            self._add(name, photo, changed, labels)
        for other, victim in self.others.items():
            for name in ("clean", "attack"):
                changed = changes[name]
                self._add(f"{other}/{name}", photo, changed, labels, victim)
        if yardsticks:
            for name, attack in self.yardsticks.items():
                changed = attack(photo, labels, rng)
                self._add(f"yardstick/{name}", photo, changed, labels)
            if self.yardsticks:
                # The attack on the same frames, to be compared with.
                self._add("yardstick/attack", photo, attacked, labels)
                self._add("yardstick/clean", photo, photo, labels)
        if curve and self.curve and np.isfinite(target):
            self._add("curve/clean", photo, photo, labels)
            residual = attacked.astype(np.float64) - photo
            for level in self.curve:
                for kind, changed in (
                    ("attack", controls.at_psnr(photo, residual, level)),
                    ("noise", controls.gaussian_noise(photo, level, rng)),
                ):
                    self._add(f"curve/{kind}/{level}", photo, changed, labels)
        if len(self.samples) < 3:
            self.samples.append((photo, changes))
        self.count += 1

    def results(self) -> dict:
        """All numbers, as JSON holds them.

        Raises:
            ValueError: If no frame was added.
        """
        if not self.count:
            raise ValueError("no frame was measured")
        summaries = {k: tally.summary() for k, tally in self.tallies.items()}
        for name, summary in summaries.items():
            group, other = name.split("/")[0], name.rpartition("/")[0]
            if group in ("yardstick", "curve"):
                before = summaries[f"{group}/clean"]
            elif other in self.others:  # may be a path
                before = summaries[f"{other}/clean"]
            else:
                before = summaries["clean"]
            if before is not summary:
                summary["miou_lost"] = lost_share(before, summary)
        return {
            "frames": self.count,
            "seed": self.seed,
            "attacker": self.attacker.metadata,
            "measured": summaries,
        }


def aim_of(attacker):
    """Source and target class of a targeted attacker, None of another."""
    metadata = attacker.metadata
    if metadata.get("objective") != "targeted":
        return None
    return metadata["source"], metadata["target"]


def lost_share(before, after) -> float:
    """Share of the mIoU that is lost, 0 for a victim that had none."""
    if not before["miou"] > 0:
        return 0.0
    return 1.0 - after["miou"] / before["miou"]


def keras_yardsticks(model, segmenter, attacker, ignored, steps) -> dict:
    """PGD and SegPGD against a victim's Keras network, at equal budget.

    Args:
        model: The victim's name or directory, with weights.
        segmenter: The same victim, exported.
        attacker: Whose bound they get: `linf`, else its `min_psnr`.
        ignored: Classes that do not count.
        steps: Gradients a photo.

    Returns:
        Functions (photo, labels, rng) -> attacked uint8 photo, by name.

    Raises:
        UserError: If the weights are missing or broken.
    """
    # Only here is a training framework needed.
    from malicious_ae.gradient_attacks import METHODS, GradientAttack
    from malicious_ae.models import load_victim

    victim = load_victim(model, segmenter.height, segmenter.width)
    weights = np.ones(segmenter.classes.count, np.float32)
    weights[list(ignored)] = 0
    bound = "linf" if attacker.metadata["bound"] == "linf" else "psnr"
    size = attacker.metadata["epsilon" if bound == "linf" else "min_psnr"]

    def yardstick(method):
        attack = GradientAttack(victim, weights, method, bound, size, steps)

        def run(photo, labels, rng):
            image = photo[None].astype(np.float32) / 255
            return unit_to_levels(attack.attack(image, labels[None], rng)[0])

        return run

    return {method: yardstick(method) for method in METHODS}


def define_flags(values=flags.FLAGS) -> None:
    """Defines this command's flags."""
    define_data_flags(values)
    flags.DEFINE_string(
        "attacker",
        api.ATTACKER,
        "A name under malicious_ae/weights, or a directory with attacker.onnx.",
        flag_values=values,
    )
    define_save_dir(
        "Folder for report.json, report.md, iou.png, curve.png and "
        "samples.png.",
        "report_dir",
        values,
    )
    flags.DEFINE_enum(
        "split", "test", list(SPLITS), "Which frames.", flag_values=values
    )
    flags.DEFINE_integer(
        "frames",
        0,
        "How many, spread over the split; 0 is all.",
        0,
        flag_values=values,
    )
    flags.DEFINE_integer(
        "curve_frames",
        40,
        "Frames of the curve of mIoU by PSNR.",
        0,
        flag_values=values,
    )
    flags.DEFINE_bool(
        "yardsticks", False, "Run PGD and SegPGD too.", flag_values=values
    )
    flags.DEFINE_integer(
        "yardstick_frames", 20, "Frames they attack.", 1, flag_values=values
    )
    flags.DEFINE_integer(
        "yardstick_steps", 20, "Gradients a frame.", 1, flag_values=values
    )
    flags.DEFINE_list(
        "others",
        [],
        "Other victims: does the attack transfer, does a hardened one stand?",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "ignore_unlabeled",
        True,
        "Leave unlabelled pixels out.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "seed", 0, "Seed of noise and random starts.", 0, flag_values=values
    )
    shared.report_files.define_flags(values)
    api.define_flags(values)
    flags.mark_flag_as_required("save_dir", values)


def _spread(count, wanted):
    """Indices of `wanted` of `count` things, evenly spread."""
    wanted = min(wanted or count, count)
    return np.linspace(0, count - 1, wanted).round().astype(int)


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    backend = {"threads": values.threads, "provider": values.provider}
    segmenter = api.Segmenter(values.model, **backend)
    attacker = api.Attacker(values.attacker, **backend)
    api.check_fit(attacker, segmenter)
    others = {
        name: api.Segmenter(name, **backend, flag="others")
        for name in values.others
    }
    for other in others.values():
        api.check_fit(attacker, other)
    classes, flag = data_classes(values)
    check_same(segmenter.classes, classes, flag)
    frames = Frames(
        values.dataset,
        values.dataset_dir,
        values.split,
        segmenter.height,
        segmenter.width,
        cache=False,
        classes=classes,
    )
    ignored = [classes.unlabeled] if values.ignore_unlabeled else []
    frames.check_labelled(ignored)
    check_report_dir(values.save_dir, FILES, "malicious_ae.evaluate")
    make_directory(values.save_dir)
    yardsticks = {}
    if values.yardsticks:
        yardsticks = keras_yardsticks(
            values.model, segmenter, attacker, ignored, values.yardstick_steps
        )
    evaluation = Evaluation(
        segmenter, attacker, ignored, others, yardsticks, CURVE, values.seed
    )
    picks = _spread(len(frames), values.frames)
    in_curve, in_yardsticks = (
        set(picks[_spread(len(picks), wanted)] if wanted else ())
        for wanted in (values.curve_frames, values.yardstick_frames)
    )
    grays = GrayCount()
    for index in tqdm(picks, unit="frame", disable=None):
        photo, labels = frames[int(index)]
        grays.add(photo)
        evaluation.add(photo, labels, index in in_curve, index in in_yardsticks)
    grays.tell()
    check_occurring(evaluation.tallies["clean"].confusion, classes)
    results = evaluation.results()
    used = [segmenter, attacker, *others.values()]
    results["recipe"] = make_recipe(
        "malicious_ae.evaluate", [network.path for network in used], values
    )
    written = write_report(
        values.save_dir, results, evaluation.samples, segmenter
    )
    print_report(results, written, values)


if __name__ == "__main__":
    define_flags()
    run_main(main)
