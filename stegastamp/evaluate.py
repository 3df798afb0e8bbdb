"""Measures a model on real photos: how visible, how robust, how sure.

    python -m stegastamp.evaluate --images_dir photos --save_dir report

Random messages are hidden in every photo and the stamped photo goes through
the attacks of `stegastamp.attacks`. What is measured is what ships: the ONNX
networks behind `stegastamp.Encoder` and `stegastamp.Decoder`, and the reading
that `python -m stegastamp.decode` does. Two numbers need care:

* Bit accuracy and the true-positive rates come from one look at the whole
  photo. A true positive is a stamped photo whose answer matches at least t of
  the S secret bits, where t is the least number that S fair coins reach with
  a probability of at most the stated false-positive rate. It supposes that
  the message looked for is known; `--unmarked` tests the supposition that an
  unmarked photo answers like fair coins.
* The exact-message rate needs no known message. It is the share of messages
  read back whole, with every view that `--views` tries; its column "one look"
  is the share that the first view alone would have read.
"""

import dataclasses
import math
import zlib

import cv2
import numpy as np
from absl import flags
from tqdm import tqdm

import shared.images
import shared.report_files
from shared.command import no_arguments, run_main
from shared.errors import UserError, report
from shared.measures.intervals import wilson_interval
from shared.measures.quality import psnr, ssim
from shared.outputs import check_report_dir, define_save_dir
from shared.photo_folders import photos_of
from shared.recipe import make_recipe
from shared.report_files import print_report
from stegastamp import api, attacks, everyday
from stegastamp.report import FILES, write_report

FALSE_POSITIVE_RATES = (1e-3, 1e-6)
_GRIDS = {
    "headline": attacks.HEADLINE,
    "all": attacks.ALL,
    "everyday": everyday.EVERYDAY,
}
# Printable ASCII without the space, which could end up last.
_ALPHABET = [chr(code) for code in range(33, 127)]


# Measures -----------------------------------------------------------------


def gmsd(image, other):
    """Gradient magnitude similarity deviation, a perceptual distance.

    Standard deviation over the photo of the similarity of luma gradients
    (Prewitt, at half size, c = 170; Xue et al. 2014).

    Args:
        image, other: uint8 [H, W, 3], of one shape.

    Returns:
        float >= 0; 0 for equal photos.
    """

    def gradients(photo):
        luma = cv2.cvtColor(photo, cv2.COLOR_RGB2GRAY).astype(np.float64)
        luma = cv2.blur(luma, (2, 2))[::2, ::2]
        kernel = np.array([[1, 0, -1]] * 3) / 3
        return np.hypot(
            cv2.filter2D(luma, -1, kernel), cv2.filter2D(luma, -1, kernel.T)
        )

    a, b = gradients(image), gradients(other)
    return float(np.std((2 * a * b + 170) / (a * a + b * b + 170)))


def bit_threshold(bits, false_positive_rate):
    """Matching bits that make a photo count as stamped.

    Args:
        bits: int, length of the secret.
        false_positive_rate: float, 0 to 1.

    Returns:
        int, the least t such that `bits` fair coins match in t or more places
        with a probability of at most `false_positive_rate`; bits + 1 if even
        a perfect match is likelier than that.
    """
    allowed = false_positive_rate * 2**bits
    tail = 0
    for matches in range(bits, -1, -1):
        tail += math.comb(bits, matches)
        if tail > allowed:
            return matches + 1
    return 0


# Measuring ----------------------------------------------------------------


@dataclasses.dataclass
class Tally:
    """What one attack did to all stamped photos.

    Attributes:
        matches: list of int, matching bits of each trial.
        exact: int, messages read back by the decoder with all its views.
        exact_one_look: int, the same with the whole photo only.
        wrong: int, messages read that are not the one that was hidden.
    """

    matches: list = dataclasses.field(default_factory=list)
    exact: int = 0
    exact_one_look: int = 0
    wrong: int = 0

    def summary(self, attack, bits):
        """This tally as one row of the report: a flat dict."""
        trials = len(self.matches)
        matches = np.array(self.matches)
        low, high = wilson_interval(self.exact, trials)
        row = {
            "attack": attack.name,
            "label": attack.label,
            "trials": trials,
            "bit_accuracy": float(matches.mean() / bits),
            "exact": self.exact / trials,
            "exact_low": low,
            "exact_high": high,
            "exact_one_look": self.exact_one_look / trials,
            "wrong_messages": self.wrong,
        }
        for rate in FALSE_POSITIVE_RATES:
            found = int(np.sum(matches >= bit_threshold(bits, rate)))
            low, high = wilson_interval(found, trials)
            row[f"tpr_at_{rate:g}"] = found / trials
            row[f"tpr_at_{rate:g}_low"] = low
            row[f"tpr_at_{rate:g}_high"] = high
        return row


def random_message(codec, rng):
    """A message of random printable ASCII that fills the codec."""
    return "".join(rng.choice(_ALPHABET, codec.message_bytes))


def _flat_window(cover, stamped, side=96):
    """The flat square where the stamp stands out most: (score, y, x, side).

    The score is the stamp's deviation over the cover's own, luma only.
    """
    side = min(side, *cover.shape[:2])
    luma = cv2.cvtColor(cover, cv2.COLOR_RGB2GRAY).astype(np.float64)
    change = cv2.cvtColor(stamped, cv2.COLOR_RGB2GRAY) - luma

    def deviation(values):
        mean = cv2.blur(values, (side, side), anchor=(0, 0))
        square = cv2.blur(values * values, (side, side), anchor=(0, 0))
        return np.sqrt(np.maximum(square - mean**2, 0))

    # One level of noise in the cover hides nothing but must not divide by 0.
    score = deviation(change) / (deviation(luma) + 1)
    score = score[: luma.shape[0] - side + 1, : luma.shape[1] - side + 1]
    y, x = np.unravel_index(np.argmax(score), score.shape)
    return float(score[y, x]), int(y), int(x), side


class Evaluation:
    """Runs stamped photos through attacks and keeps count.

    Args:
        encoder: stegastamp.Encoder.
        decoder: stegastamp.Decoder of the same model.
        grid: sequence of `attacks.Attack`.
        messages: int, random messages a photo; 0 measures no stamps.
        strength: float, as in `Encoder.encode`.
        views: "fast" or "thorough", as in `Decoder.decode`.
        unmarked: bool, also read each photo without a stamp.
        seed: int. A photo's messages and attacks depend on it and on the
            photo's place in the run, not on which other attacks run.
        target: target_psnr and target_robustness, as in `Encoder.encode`.
    """

    def __init__(
        self,
        encoder,
        decoder,
        grid,
        messages=20,
        strength=1.0,
        views="fast",
        unmarked=False,
        seed=0,
        **target,
    ):
        self.encoder, self.decoder, self.grid = encoder, decoder, grid
        self.messages, self.strength = messages, strength
        self.views, self.unmarked, self.seed = views, unmarked, seed
        self.target = target
        self.bits = decoder.codec.secret_size
        self.photos = []
        self.tallies = {attack.name: Tally() for attack in grid}
        self.quality = {"psnr_db": [], "ssim": [], "gmsd": []}
        self.samples = []
        self.flattest = None
        self.accepted_unmarked = []
        self.unmarked_matches = []

    def add(self, name, cover):
        """Measures one photo.

        Args:
            name: str, what the report calls it.
            cover: uint8 [H, W, 3], RGB.

        Raises:
            UserError: if the photo is too small to carry a message.
        """
        index = len(self.photos)
        rng = np.random.default_rng([self.seed, index])
        words = [
            random_message(self.encoder.codec, rng)
            for _ in range(self.messages)
        ]
        for number, message in enumerate(words):
            try:
                stamped, _ = self.encoder.encode(
                    cover,
                    message,
                    strength=self.strength,
                    check=False,
                    **self.target,
                )
            except ValueError as error:
                raise UserError(f"{name}: {error}") from error
            self.quality["psnr_db"].append(psnr(cover, stamped))
            self.quality["ssim"].append(ssim(cover, stamped))
            self.quality["gmsd"].append(gmsd(cover, stamped))
            if number == 0:
                self._keep_pictures(name, cover, stamped)
            self._attack(stamped, message, [self.seed, index, number])
        if self.unmarked:
            self._look_at_unmarked(name, cover, words)
        self.photos.append(name)

    def _attack(self, stamped, message, seed):
        secret = self.encoder.codec.encode(message)
        for attack in self.grid:
            own = zlib.crc32(attack.name.encode())
            damaged = attack.apply(stamped, np.random.default_rng([*seed, own]))
            tally = self.tallies[attack.name]
            logits = self.decoder.logits([damaged])[0]
            tally.matches.append(int(np.sum((logits > 0) == secret)))
            found = self.decoder.decode(damaged, views=self.views)
            if found is None:
                continue
            if found.message == message:
                tally.exact += 1
                tally.exact_one_look += found.view == "whole"
            else:
                tally.wrong += 1

    def _look_at_unmarked(self, name, cover, words):
        found = self.decoder.decode(cover, views=self.views)
        if found is not None:
            self.accepted_unmarked.append([name, found.message])
        answer = self.decoder.logits([cover])[0] > 0
        for message in words:
            secret = self.encoder.codec.encode(message)
            self.unmarked_matches.append(int(np.sum(answer == secret)))

    def _keep_pictures(self, name, cover, stamped):
        if len(self.samples) < 4:
            self.samples.append((name, cover, stamped))
        window = _flat_window(cover, stamped)
        if self.flattest is None or window[0] > self.flattest["score"]:
            score, y, x, side = window
            place = slice(y, y + side), slice(x, x + side)
            self.flattest = {
                "score": score,
                "photo": name,
                "place": [x, y, side, side],
                "cover": cover[place],
                "stamped": stamped[place],
            }

    def results(self):
        """All numbers: a dict that JSON can hold.

        Raises:
            ValueError: if no photo was added.
        """
        if not self.photos:
            raise ValueError("no photo was measured")
        codec = self.decoder.codec
        words = api.words_tried(self.views)
        results = {
            "photos": self.photos,
            "messages_per_photo": self.messages,
            "strength": self.strength,
            "effort": self.encoder.effort,
            **self.target,
            "seed": self.seed,
            "secret_bits": self.bits,
            "views": {"name": self.views, "words": words},
            "false_positive_bound": codec.false_positive_rate(words),
            "bit_thresholds": {
                f"{rate:g}": bit_threshold(self.bits, rate)
                for rate in FALSE_POSITIVE_RATES
            },
        }
        if self.messages:
            results["quality"] = {
                measure: {
                    "mean": float(np.mean(values)),
                    "worst": float(
                        max(values) if measure == "gmsd" else min(values)
                    ),
                }
                for measure, values in self.quality.items()
            }
            results["attacks"] = [
                self.tallies[attack.name].summary(attack, self.bits)
                for attack in self.grid
            ]
            results["flat_region"] = {
                key: self.flattest[key] for key in ("photo", "place", "score")
            }
        if self.unmarked:
            matches = np.array(self.unmarked_matches)
            accepted = len(self.accepted_unmarked)
            results["unmarked"] = {
                "photos": len(self.photos),
                "accepted": accepted,
                "accepted_high": wilson_interval(accepted, len(self.photos))[1],
                "messages_read": self.accepted_unmarked,
                "comparisons": len(matches),
                "above_threshold": {
                    rate: int(np.sum(matches >= threshold))
                    for rate, threshold in results["bit_thresholds"].items()
                },
            }
        return results


# The command --------------------------------------------------------------


def define_flags():
    """Defines this command's flags."""
    flags.DEFINE_string("images_dir", None, "Folder of photos to stamp.")
    define_save_dir(
        "Folder for report.json, report.csv, report.md, accuracy.png, "
        "contact_sheet.png and flat_region.png.",
        "report_dir",
    )
    flags.DEFINE_integer(
        "messages",
        20,
        "Random messages hidden in each photo, one at a time; 0 with "
        "--unmarked reads the photos without stamps only.",
        lower_bound=0,
    )
    flags.DEFINE_float(
        "strength",
        1.0,
        "Strength of the stamp; 1 is what the model was trained for.",
    )
    flags.DEFINE_enum(
        "attacks",
        "headline",
        sorted(_GRIDS),
        "The ten attacks of the headline table in docs/measured/stegastamp.md, "
        "the whole grid, or what people do to pictures that they pass on.",
    )
    flags.DEFINE_enum(
        "views",
        "fast",
        ["fast", "thorough"],
        "How hard to look for a message, as in stegastamp.decode.",
    )
    flags.DEFINE_bool(
        "unmarked",
        False,
        "Also read every photo without a stamp, and count the false alarms.",
    )
    flags.DEFINE_integer("seed", 0, "Seed of messages and attacks.")
    shared.report_files.define_flags()
    api.define_hiding_flags()
    api.define_flags()
    flags.mark_flags_as_required(["images_dir", "save_dir"])


def main(arguments):
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    values = flags.FLAGS
    if values.messages == 0 and not values.unmarked:
        raise UserError(
            "--messages=0: nothing to measure; give a number above 0, or add "
            "--unmarked"
        )
    if not 0 < values.strength < math.inf:
        raise UserError(
            f"--strength={values.strength}: must be a positive number"
        )
    if values.seed < 0:
        raise UserError(f"--seed={values.seed}: must not be negative")
    paths = photos_of(values.images_dir)
    check_report_dir(values.save_dir, FILES, "stegastamp.evaluate")
    shared.images.make_directory(values.save_dir)
    backend = {"threads": values.threads, "provider": values.provider}
    evaluation = Evaluation(
        api.Encoder(values.model, effort=values.effort, **backend),
        api.Decoder(values.model, **backend),
        _GRIDS[values.attacks],
        messages=values.messages,
        strength=values.strength,
        views=values.views,
        unmarked=values.unmarked,
        seed=values.seed,
        target_psnr=values.target_psnr,
        target_robustness=values.target_robustness,
    )

    # A bad photo does not end the run; the exit code tells of it.
    failed = 0
    with tqdm(paths, unit="photo", disable=None) as progress:
        for path in progress:
            try:
                photo = shared.images.read_photo(path, values.max_pixels)
                evaluation.add(path.name, photo.rgb8)
            except UserError as error:
                failed += 1
                progress.clear()
                report(error)
    if failed == len(paths):
        raise UserError(f"{values.images_dir}: no photo could be measured")

    results = evaluation.results()
    results["failed_photos"] = failed
    files = [
        api.find_stamp_model(values.model) / f"{role}.onnx"
        for role in ("encoder", "decoder", "gradient")
    ]
    if evaluation.encoder.effort == "0":
        files.pop()
    results["recipe"] = make_recipe("stegastamp.evaluate", files)
    written = write_report(
        values.save_dir,
        results,
        grid=evaluation.grid,
        samples=evaluation.samples,
        flattest=evaluation.flattest,
    )
    print_report(results, written, values)
    return 1 if failed else 0


if __name__ == "__main__":
    define_flags()
    run_main(main)
