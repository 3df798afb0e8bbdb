"""Measures a model on photos it has not seen: what comes back, who notices.

    python -m stego.evaluate --images_dir photos --save_dir report

Texts: random ones of random lengths, with and without a key, through PNG
files. Quality: each photo filled with a message to its last byte.
Detectability: pieces of the photos, every tile of which carries a message,
are judged by the Eve of the training, by a fresh CNN steganalyser and by a
classic feature detector; the last two learn from half of the photos and are
asked about the other half. The same judges look at plain replacement of least
significant bits (LSB) at the same payload. --sweep adds models of other
payloads to the plot of payload against PSNR and AUC.

Needs scikit-learn for the judge `features`, and Keras for the judge `cnn`.
"""

import numpy as np
from absl import flags
from tqdm import tqdm

import shared.report_files
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.errors import report as report_error
from shared.images import make_directory, read_photo
from shared.measures.quality import psnr
from shared.model_dir import find_model
from shared.outputs import check_report_dir, define_save_dir
from shared.photo_folders import photos_of
from shared.recipe import make_recipe
from shared.report_files import print_report
from stego import api
from stego.judges import JUDGES, CnnJudge, EveJudge, FeatureJudge, judge
from stego.lsb import replace_lsb
from stego.measure import TextTrial, measure_bits, measure_quality
from stego.report import FILES, all_numbers, write_report
from stego.tiles import count_tiles, cut_tiles


def load_photos(images_dir, least, max_pixels):
    """Reads the photos of a folder that are large enough.

    Args:
        images_dir: folder.
        least: int, least side in pixels.
        max_pixels: int, as --max_pixels.

    Returns:
        (names, photos, failed): list of str, list of uint8 [H, W, 3], int.

    Raises:
        UserError: if fewer than two photos can be used.
    """
    names, photos, failed = [], [], 0
    for path in photos_of(images_dir):
        try:
            pixels = read_photo(path, max_pixels).rgb8
            if min(pixels.shape[:2]) < least:
                raise UserError(
                    f"{path}: is smaller than {least} x {least} pixels; left "
                    "out"
                )
        except UserError as error:
            report_error(error)
            failed += 1
            continue
        names.append(path.name)
        photos.append(pixels)
    if len(photos) < 2:
        raise UserError(
            f"--images_dir: {images_dir} holds {len(photos)} photos of use; "
            "half of at least two are needed to judge the others"
        )
    return names, photos, failed


def cut_pieces(photos, size, most, rng):
    """Cuts what is judged: pieces in place, no two of which overlap.

    Args:
        photos: list of uint8 [H, W, 3].
        size: int, side of a piece in pixels.
        most: int, pieces of a photo.
        rng: numpy.random.Generator.

    Returns:
        (pieces, origin): uint8 [N, size, size, 3]; int [N], the photo's index.
    """
    pieces, origin = [], []
    for index, photo in enumerate(photos):
        places = rng.permutation(count_tiles(*photo.shape[:2], size))[:most]
        pieces.append(cut_tiles(photo, size, np.sort(places)))
        origin += [index] * len(places)
    return np.concatenate(pieces), np.array(origin)


def hide_in_pieces(encoder, pieces, rng):
    """Fills every tile of every piece with random bits: an array like it."""
    size = encoder.decoder.output_size
    count, side = len(pieces), pieces.shape[1] // size
    tiles = pieces.reshape(count, side, size, side, size, 3)
    tiles = tiles.swapaxes(2, 3).reshape(-1, size, size, 3)
    bits = rng.integers(0, 2, (len(tiles), encoder.decoder.msg_len))
    hidden = encoder.hide(tiles, bits.astype(np.uint8))
    hidden = hidden.reshape(count, side, side, size, size, 3).swapaxes(2, 3)
    return hidden.reshape(pieces.shape)


def make_judge(name, model, values):
    """One judge by name; None where the model has no Eve to ask."""
    if name == "features":
        return FeatureJudge()
    if name == "cnn":
        return CnnJudge(values.cnn_steps, values.seed)
    directory = find_model(model, api.WEIGHTS, ["alice.onnx", "bob.onnx"])
    if not (directory / "eve.onnx").exists():
        return None
    return EveJudge(api.Network("eve", model, values.threads, values.provider))


def detect(model, encoder, pieces, origin, names, values):
    """Lets judges look at a model's stego images and at LSB replacement.

    Args:
        model: str, the model's name or directory.
        encoder: stego.Encoder of it.
        pieces, origin: as `cut_pieces` gave them.
        names: list of str, of `JUDGES`.
        values: the command's flags.

    Returns:
        dict: `raw_bits_per_pixel`, `psnr_db` and `lsb_psnr_db` of the pieces,
        and `verdicts`, a dict of judge to dict of method to Verdict.
    """
    payload = encoder.decoder.msg_len / encoder.decoder.output_size**2
    rng = np.random.default_rng([values.seed, 2])
    methods = {
        "stego": hide_in_pieces(encoder, pieces, rng),
        "lsb": replace_lsb(pieces, payload, rng),
    }
    learns = origin % 2 == 0
    verdicts = {}
    for name in tqdm(names, desc=f"judges of {model}", disable=None):
        for method, stegos in methods.items():
            player = make_judge(name, model, values)
            # Eve knows one method only: asked about another one she would
            # answer, and it would mean nothing.
            if player is None or (name == "eve" and method == "lsb"):
                continue
            verdicts.setdefault(name, {})[method] = judge(
                player, pieces, stegos, origin, learns, values.seed
            )
    return {
        "raw_bits_per_pixel": payload,
        "psnr_db": psnr(pieces, methods["stego"]),
        "lsb_psnr_db": psnr(pieces, methods["lsb"]),
        "verdicts": verdicts,
    }


def _mean(rows, key):
    return float(np.mean([row[key] for row in rows]))


def evaluate(encoder, names, photos, values):
    """Everything but detectability: texts, quality, bits.

    Returns:
        (results, samples): a dict that JSON can hold; list of (name, cover,
        stego) to look at.
    """
    rng = np.random.default_rng([values.seed, 0])
    texts = TextTrial()
    for index in tqdm(range(values.texts), desc="texts", disable=None):
        texts.add(encoder, photos[index % len(photos)], rng)
    rng = np.random.default_rng([values.seed, 1])
    rows, samples = [], []
    for name, photo in zip(
        tqdm(names, desc="photos", disable=None), photos, strict=True
    ):
        row = measure_quality(encoder, photo, rng)
        stego = row.pop("stego")
        if len(samples) < 4:
            samples.append((name, photo, stego))
        rows.append(row)
    size = encoder.decoder.output_size
    tiles, _ = cut_pieces(photos, size, 16, rng)
    false_alarms = sum(_claims(encoder.decoder, photo) for photo in photos)
    return {
        "photos": len(photos),
        "texts": {**vars(texts), "accepted": texts.accepted},
        "false_alarms": false_alarms,
        "msg_len": encoder.decoder.msg_len,
        "output_size": size,
        "correct_bits": measure_bits(encoder, tiles, rng),
        **{key: _mean(rows, key) for key in rows[0]},
        "worst_psnr_db": min(row["psnr_db"] for row in rows),
        "worst_ssim": min(row["ssim"] for row in rows),
    }, samples


def _claims(decoder, photo):
    """Whether a photo without a message is said to have one, even a broken."""
    try:
        decoder.decode(photo)
    except api.NoMessage:
        return False
    except api.DamagedMessage:
        return True
    return True


def _model_files(models):
    """The network files of models, in that order."""
    folders = [find_model(name, api.WEIGHTS, ["alice.onnx"]) for name in models]
    return [path for each in folders for path in sorted(each.glob("*.onnx"))]


def define_flags():
    """Defines this command's flags."""
    flags.DEFINE_string("images_dir", None, "Folder of photos to measure on.")
    define_save_dir("Folder for the report.", "report_dir")
    flags.DEFINE_integer(
        "texts", 1000, "Random texts to hide and read.", lower_bound=0
    )
    flags.DEFINE_multi_enum(
        "judges", list(JUDGES), list(JUDGES), "Who looks for messages."
    )
    flags.DEFINE_integer(
        "judge_size",
        64,
        "Side of the pieces that are judged, in pixels; a multiple of the "
        "model's output_size.",
        lower_bound=8,
    )
    flags.DEFINE_integer(
        "pieces", 24, "Most pieces judged of a photo.", lower_bound=1
    )
    flags.DEFINE_integer(
        "cnn_steps", 600, "Training steps of the judge cnn.", lower_bound=1
    )
    flags.DEFINE_multi_string(
        "sweep",
        [],
        "More models, of other payloads, for the sweep; may be given several "
        "times.",
    )
    flags.DEFINE_integer("seed", 0, "Seed of texts, pieces and judges.")
    shared.report_files.define_flags()
    api.define_flags()
    flags.mark_flags_as_required(["images_dir", "save_dir"])


def main(arguments):
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    values = flags.FLAGS
    backend = (values.threads, values.provider)
    encoders = {
        model: api.Encoder(model, *backend)
        for model in (values.model, *values.sweep)
    }
    for model, encoder in encoders.items():
        if values.judge_size % encoder.decoder.output_size:
            raise UserError(
                f"--judge_size={values.judge_size}: must be a multiple of the "
                f"{encoder.decoder.output_size} pixels of {model}"
            )
    check_report_dir(values.save_dir, FILES, "stego.evaluate")
    make_directory(values.save_dir)
    names, photos, failed = load_photos(
        values.images_dir, values.judge_size, values.max_pixels
    )
    results, samples = evaluate(encoders[values.model], names, photos, values)
    pieces, origin = cut_pieces(
        photos,
        values.judge_size,
        values.pieces,
        np.random.default_rng([values.seed, 3]),
    )
    results["judged_pieces"] = int((origin % 2 == 1).sum())
    results["learned_pieces"] = int((origin % 2 == 0).sum())
    results["judge_size"] = values.judge_size
    detections = {
        model: detect(model, encoder, pieces, origin, values.judges, values)
        for model, encoder in encoders.items()
    }
    results["failed_photos"] = failed
    results["recipe"] = make_recipe("stego.evaluate", _model_files(encoders))
    written = write_report(
        values.save_dir, results, detections, values.model, samples
    )
    numbers = all_numbers(results, detections, values.model)
    print_report(numbers, written, values)
    return 1 if failed else 0


if __name__ == "__main__":
    define_flags()
    run_main(main)
