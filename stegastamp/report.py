"""Writes what `stegastamp.evaluate` measured: files for people and programs.

report.json        every number, with the recipe that makes it again
report.csv         one row an attack
report.md          the tables as in docs/measured/stegastamp.md
accuracy.png       exact messages and bit accuracy by attack
contact_sheet.png  cover, stamped, residual x10, and some attacks
flat_region.png    the flat square where the stamp stands out most, 2x
"""

import csv
import io

import cv2
import numpy as np

from shared.report_files import save_report

# What a report may consist of, besides report.json.
FILES = (
    "report.md",
    "report.csv",
    "accuracy.png",
    "contact_sheet.png",
    "flat_region.png",
)

# What the contact sheet shows of each sample, where the run has it.
_SHEET_ATTACKS = (
    "jpeg_25",
    "resize_0.25_back",
    "blur_9",
    "noise_0.05",
    "brightness_1.5",
    "corners_0.03",
)
_THUMBNAIL = 224  # pixels of the longer side


def write_report(report_dir, results, grid, samples, flattest):
    """Writes all files of a report, or none.

    Args:
        report_dir: directory that exists.
        results: dict of `Evaluation.results`, with its "recipe".
        grid: sequence of `attacks.Attack`, those of the results.
        samples: list of (name, cover, stamped), uint8 [H, W, 3].
        flattest: dict with "cover" and "stamped", uint8 [h, w, 3], or None.

    Returns:
        list of Path, the files written.

    Raises:
        UserError: if a file cannot be written.
    """
    files = {"report.md": markdown(results)}
    if results.get("attacks"):
        files["report.csv"] = _table(results["attacks"])
        files["accuracy.png"] = _bars(results["attacks"])
        files["contact_sheet.png"] = contact_sheet(
            samples, grid, results["seed"]
        )
        pair = [
            cv2.resize(
                flattest[key], None, fx=2, fy=2, interpolation=cv2.INTER_NEAREST
            )
            for key in ("cover", "stamped")
        ]
        gap = np.full((pair[0].shape[0], 8, 3), 255, np.uint8)
        files["flat_region.png"] = np.hstack([pair[0], gap, pair[1]])
    return save_report(report_dir, results, files)


def _table(rows):
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _percent(rate):
    """A rate in percent; never rounded up to 100 or down to 0."""
    text = f"{100 * rate:.1f}"
    if rate < 1 and text == "100.0":
        return "99.9"
    if rate > 0 and text == "0.0":
        return "0.1"
    return text


def markdown(results):
    """The report as Markdown: how it was made, quality, and the tables.

    Args:
        results: dict of `Evaluation.results`, with its "recipe".

    Returns:
        str.
    """
    recipe = results["recipe"]
    lines = ["```", recipe["command"], "```", ""]
    photos, messages = len(results["photos"]), results["messages_per_photo"]
    if results.get("attacks"):
        quality = results["quality"]
        lines += [
            f"{photos} photos, {messages} random messages each, strength "
            f"{results['strength']:g}, seed {results['seed']}, "
            f"{results['secret_bits']} bits, "
            f"{results['views']['name']} views.",
            "",
            "| | mean | worst |",
            "| --- | --- | --- |",
        ]
        for key, label, form in (
            ("psnr_db", "PSNR, dB", ".2f"),
            ("ssim", "SSIM", ".4f"),
            ("gmsd", "GMSD", ".4f"),
        ):
            mean, worst = quality[key]["mean"], quality[key]["worst"]
            lines.append(f"| {label} | {mean:{form}} | {worst:{form}} |")
        thresholds = results["bit_thresholds"]
        rates = list(thresholds)
        lines += [
            "",
            "| attack | message exact, % (95 % interval) | one look, % | bit "
            "accuracy, % | "
            + " | ".join(f"TPR at FPR {rate}, %" for rate in rates)
            + " |",
            "| --- | --- | --- | --- | " + "--- | " * len(rates),
        ]
        lines[-1] = lines[-1].rstrip()
        for row in results["attacks"]:
            interval = (
                f"{100 * row['exact_low']:.1f}-{100 * row['exact_high']:.1f}"
            )
            cells = [
                row["label"],
                f"{_percent(row['exact'])} ({interval})",
                _percent(row["exact_one_look"]),
                _percent(row["bit_accuracy"]),
                *(_percent(row[f"tpr_at_{rate}"]) for rate in rates),
            ]
            lines.append("| " + " | ".join(cells) + " |")
        wrong = sum(row["wrong_messages"] for row in results["attacks"])
        needed = ", ".join(
            f"{count} of {results['secret_bits']} at {rate}"
            for rate, count in thresholds.items()
        )
        lines += [
            "",
            f"Messages read that nobody hid: {wrong}. Matching bits needed: "
            f"{needed}.",
            "",
        ]
    if "unmarked" in results:
        unmarked = results["unmarked"]
        above = ", ".join(
            f"{count} at {rate}"
            for rate, count in unmarked["above_threshold"].items()
        )
        lines += [
            f"Unmarked photos: {unmarked['accepted']} of "
            f"{unmarked['photos']} accepted (95 % upper bound of the rate "
            f"{unmarked['accepted_high']:.2g}, derived bound "
            f"{results['false_positive_bound']:.1g}). Of "
            f"{unmarked['comparisons']} comparisons with a known message, "
            f"above the threshold: {above}.",
            "",
        ]
    return "\n".join(lines)


def _bars(rows):
    """Bar plot of the rates by attack, as the bytes of a PNG."""
    # Only here: the commands that use a model do not need matplotlib.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 1.2 + 0.32 * len(rows)), layout="constrained")
    axes = figure.subplots()
    places = np.arange(len(rows))[::-1]
    exact = np.array([row["exact"] for row in rows])
    bounds = np.array([[row["exact_low"], row["exact_high"]] for row in rows])
    axes.barh(
        places + 0.2,
        100 * exact,
        0.38,
        label="message exact",
        xerr=100 * np.abs(bounds.T - exact),
        capsize=2,
    )
    axes.barh(
        places - 0.2,
        [100 * row["bit_accuracy"] for row in rows],
        0.38,
        label="bit accuracy",
    )
    axes.set_yticks(places, [row["label"] for row in rows])
    axes.set_xlim(0, 101)
    axes.set_xlabel("percent")
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110)
    return data.getvalue()


def contact_sheet(samples, grid, seed):
    """One row a photo: cover, stamped, residual x10, and some attacks.

    Args:
        samples: non-empty list of (name, cover, stamped), uint8 [H, W, 3].
        grid: sequence of `attacks.Attack` to choose from.
        seed: int, of the random attacks.

    Returns:
        uint8 [height, width, 3], RGB.
    """
    chosen = [attack for attack in grid if attack.name in _SHEET_ATTACKS]
    rows = []
    for _, cover, stamped in samples:
        residual = 128 + 10 * (stamped.astype(np.float64) - cover)
        cells = [
            ("cover", cover),
            ("stamped", stamped),
            ("residual x10", np.clip(residual, 0, 255).astype(np.uint8)),
        ]
        for attack in chosen:
            rng = np.random.default_rng(seed)
            cells.append((attack.label, attack.apply(stamped, rng)))
        row = np.hstack([_cell(*cell) for cell in cells])
        # A sheet of landscapes has no use for square cells: keep a gap of
        # four rows below the lowest picture.
        used = np.flatnonzero(np.any(row < 255, axis=(1, 2)))[-1]
        rows.append(row[: used + 5])
    return np.vstack(rows)


def _cell(label, picture):
    side, title, gap = _THUMBNAIL, 20, 4
    cell = np.full((side + title + gap, side + gap, 3), 255, np.uint8)
    scale = side / max(picture.shape[:2])
    size = [max(1, round(length * scale)) for length in picture.shape[1::-1]]
    shrink = cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST
    small = cv2.resize(picture, size, interpolation=shrink)
    top, left = title, (side - size[0]) // 2
    cell[top : top + size[1], left : left + size[0]] = small
    cv2.putText(
        cell,
        label,
        (2, 14),
        cv2.FONT_HERSHEY_SIMPLEX,
        0.42,
        (0, 0, 0),
        1,
        cv2.LINE_AA,
    )
    return cell
