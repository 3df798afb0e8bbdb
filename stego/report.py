"""Writes what `stego.evaluate` measured: files for people and programs.

report.json   every number, with the recipe that makes it again
report.md     the tables as in docs/measured/stego.md
roc.png       the judges' ROC curves, ours and LSB replacement's
sweep.png     payload against PSNR and AUC, where several models were judged
samples.png   cover, stego image and their difference, 60 times
"""

import io
from pathlib import Path

import cv2
import numpy as np

from shared.report_files import save_report

# What a report may consist of, besides report.json.
FILES = ("report.md", "roc.png", "sweep.png", "samples.png")

_LABELS = {
    "eve": "Eve of the training",
    "features": "co-occurrence features, linear",
    "cnn": "fresh CNN steganalyser",
}
_COLORS = {"eve": "tab:gray", "features": "tab:blue", "cnn": "tab:red"}
_METHODS = {"stego": "-", "lsb": "--"}


def write_report(report_dir, results, detections, model, samples):
    """Writes all files of a report, or none.

    Args:
        report_dir: directory that exists.
        results: dict of `stego.evaluate.evaluate`, with its "recipe".
        detections: dict of model to what `stego.evaluate.detect` gave.
        model: str, the one of `detections` that `results` is about.
        samples: list of (name, cover, stego), uint8 [H, W, 3].

    Returns:
        list of Path, the files written.

    Raises:
        UserError: if a file cannot be written.
    """
    files = {"report.md": markdown(results, detections, model)}
    if detections[model]["verdicts"]:
        files["roc.png"] = _plot_roc(detections[model]["verdicts"])
    if len(detections) > 1:
        files["sweep.png"] = _plot_sweep(detections)
    files["samples.png"] = sample_sheet(samples)
    numbers = all_numbers(results, detections, model)
    return save_report(report_dir, numbers, files)


def all_numbers(results, detections, model):
    """What report.json holds; arguments as `write_report`."""
    found = {name: _numbers(each) for name, each in detections.items()}
    return {**results, "model": model, "detection": found}


def _numbers(found):
    """A detection without its curves, for JSON."""
    verdicts = {
        judge: {
            method: {
                "auc": verdict.area,
                "low": verdict.low,
                "high": verdict.high,
            }
            for method, verdict in methods.items()
        }
        for judge, methods in found["verdicts"].items()
    }
    return {**found, "verdicts": verdicts}


def _area(methods, method):
    if method not in methods:
        return "-"
    found = methods[method]
    return f"{found.area:.3f} ({found.low:.3f}-{found.high:.3f})"


def markdown(results, detections, model):
    """The report as Markdown; arguments as `write_report`."""
    texts, bits = results["texts"], results["correct_bits"]
    msg_len, size = results["msg_len"], results["output_size"]
    raw = msg_len / size**2
    lines = [
        "```",
        results["recipe"]["command"],
        "```",
        "",
        "| | |",
        "| --- | --- |",
        f"| photos | {results['photos']} |",
        f"| texts recovered exactly, of those accepted | "
        f"{texts['recovered']} of {texts['accepted']} |",
        f"| texts refused | {texts['refused']} of {texts['tried']} |",
        f"| wrong texts; found by a wrong key; photos without a message that "
        f"claim one | {texts['wrong']}; {texts['found_by_wrong_key']}; "
        f"{results['false_alarms']} |",
        f"| correct bits of {msg_len} at {size} x {size}, Alice alone | "
        f"{bits['of_first']:.2f} |",
        f"| after each tile got its strength | {bits['of_final']:.2f} |",
        f"| bits per pixel: of Alice, of text | {raw:.4f}, "
        f"{results['bits_per_pixel']:.4f} |",
        f"| photos that keep a message of full length | "
        f"{100 * results['kept']:.1f} % |",
        f"| PSNR of full photos, mean (worst) | {results['psnr_db']:.2f} "
        f"({results['worst_psnr_db']:.2f}) dB |",
        f"| SSIM of full photos, mean (worst) | {results['ssim']:.4f} "
        f"({results['worst_ssim']:.4f}) |",
        f"| ms per megapixel, encode (with check) and decode | "
        f"{results['ms_encode']:.0f}, {results['ms_decode']:.0f} |",
        "",
        f"AUC on pieces of {results['judge_size']} pixels, all of whose "
        f"tiles carry bits: {results['judged_pieces']} pieces judged, after "
        f"{results['learned_pieces']} of other photos; 95 % interval over "
        "photos.",
        "",
        "| model | bits per pixel | PSNR, dB | judge | AUC | LSB's PSNR, dB | "
        "LSB's AUC |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, found in detections.items():
        for judge, methods in found["verdicts"].items():
            lines.append(
                f"| {Path(name).name} | {found['raw_bits_per_pixel']:.4f} | "
                f"{found['psnr_db']:.2f} | {_LABELS[judge]} | "
                f"{_area(methods, 'stego')} | {found['lsb_psnr_db']:.2f} | "
                f"{_area(methods, 'lsb')} |"
            )
    return "\n".join([*lines, ""])


def _figure(**options):
    # Only here: the commands that use a model do not need matplotlib.
    from matplotlib.figure import Figure

    return Figure(layout="constrained", **options)


def _save(figure):
    data = io.BytesIO()
    figure.savefig(data, format="png", dpi=110)
    return data.getvalue()


def _plot_roc(verdicts):
    figure = _figure(figsize=(5.5, 5))
    axes = figure.subplots()
    for judge, methods in verdicts.items():
        for method, verdict in methods.items():
            axes.plot(
                verdict.false,
                verdict.true,
                _METHODS[method],
                color=_COLORS[judge],
                label=f"{_LABELS[judge]}, {method} ({verdict.area:.3f})",
            )
    axes.plot([0, 1], [0, 1], color="black", linewidth=0.6)
    axes.set_xlabel("covers taken for stego")
    axes.set_ylabel("stego images found")
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, loc="lower right", title="(AUC)")
    return _save(figure)


def _plot_sweep(detections):
    rows = sorted(detections.values(), key=lambda d: d["raw_bits_per_pixel"])
    payloads = [row["raw_bits_per_pixel"] for row in rows]
    figure = _figure(figsize=(9, 4))
    left, right = figure.subplots(1, 2)
    left.plot(payloads, [r["psnr_db"] for r in rows], "o-", label="stego")
    left.plot(payloads, [r["lsb_psnr_db"] for r in rows], "s--", label="lsb")
    left.set_ylabel("PSNR, dB")
    for judge, color in _COLORS.items():
        for method, line in _METHODS.items():
            points = [
                (payload, row["verdicts"][judge][method])
                for payload, row in zip(payloads, rows, strict=True)
                if method in row["verdicts"].get(judge, {})
            ]
            if points:
                places, found = zip(*points, strict=True)
                areas = np.array([v.area for v in found])
                ends = np.array([[v.low, v.high] for v in found]).T
                right.errorbar(
                    places,
                    areas,
                    np.abs(ends - areas),
                    fmt="o" + line,
                    color=color,
                    capsize=3,
                    label=f"{_LABELS[judge]}, {method}",
                )
    right.axhline(0.5, color="black", linewidth=0.6)
    right.set_ylabel("AUC")
    for axes in (left, right):
        axes.set_xlabel("bits per pixel")
        axes.grid(alpha=0.3)
        axes.legend(fontsize=8)
    return _save(figure)


def sample_sheet(samples, side=256):
    """One row a photo: cover, stego image, difference 60 times.

    Args:
        samples: non-empty list of (name, cover, stego), uint8 [H, W, 3].
        side: int, pixels of the square that is cut from each middle.

    Returns:
        uint8 [height, width, 3], RGB.
    """
    rows = []
    for _, cover, stego in samples:
        height, width = cover.shape[:2]
        top, left = max(0, height - side) // 2, max(0, width - side) // 2
        place = slice(top, top + side), slice(left, left + side)
        cells = [cover[place], stego[place]]
        difference = cells[1].astype(np.int64) - cells[0]
        cells.append(np.clip(128 + 60 * difference, 0, 255).astype(np.uint8))
        row = np.hstack(
            [
                cv2.copyMakeBorder(
                    cell,
                    2,
                    2 + side - cell.shape[0],
                    2,
                    2 + side - cell.shape[1],
                    cv2.BORDER_CONSTANT,
                    value=(255, 255, 255),
                )
                for cell in cells
            ]
        )
        rows.append(row)
    return np.vstack(rows)
