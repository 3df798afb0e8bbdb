"""Writes what `malicious_ae.evaluate` measured.

report.json  every number, with the recipe that makes it again
report.md    the tables as in docs/measured/malicious_ae.md
iou.png      IoU of each class before and after
curve.png    mIoU by PSNR, of the attack and of white noise
samples.png  photos, what was changed, and what the victim reads
"""

import io
from pathlib import Path

import numpy as np

from malicious_ae.controls import difference_picture
from malicious_ae.pictures import colorize, panels
from shared.report_files import save_report

# What a report may consist of, besides report.json.
FILES = ("report.md", "iou.png", "curve.png", "samples.png")

LABELS = {
    "clean": "none",
    "attack": "the attack",
    "noise": "white noise",
    "colour_cast": "its mean colour cast alone",
    "jpeg": "JPEG",
    "pgd": "PGD",
    "segpgd": "SegPGD",
}
CAPTIONS = (
    "photo",
    "read as",
    "attacked",
    "read as",
    "change, 8 times",
    "noise of that PSNR",
    "read as",
)


def write_report(report_dir, results, samples, segmenter) -> list[Path]:
    """Writes all files of a report, or none.

    Args:
        report_dir: Directory that exists.
        results: Dictionary of `Evaluation.results`, with its "recipe".
        samples: List of (photo, changes by name), uint8 [H, W, 3].
        segmenter: The victim, api.Segmenter.

    Returns:
        The files written.

    Raises:
        UserError: If a file cannot be written.
    """
    files = {
        "report.md": markdown(results),
        "iou.png": _figure(_bars, results["measured"]),
    }
    if curve_points(results["measured"]):
        files["curve.png"] = _figure(_curve, results["measured"])
    files["samples.png"] = _samples(samples, segmenter)
    return save_report(report_dir, results, files)


def _row(label, summary):
    cells = [label, f"{100 * summary['miou']:.2f}"]
    lost = summary.get("miou_lost")
    cells.append("-" if lost is None else f"{100 * lost:.1f}")
    for name, digits in (("psnr_db", 2), ("ssim", 4), ("linf", 0)):
        value = summary.get(name)
        cells.append(f"{value['mean']:.{digits}f}" if value else "-")
    psnr = summary.get("psnr_db")
    cells.insert(4, f"{psnr['worst']:.2f}" if psnr else "-")
    return f"| {' | '.join(cells)} |"


_HEAD = (
    "| change | mIoU, % | lost, % | PSNR, dB | lowest | SSIM | L-infinity |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)


def markdown(results) -> str:
    """The tables of a report."""
    measured = results["measured"]
    lines = [f"{results['frames']} frames.", "", _HEAD]
    groups = {}
    for name, summary in measured.items():
        group, _, kind = name.rpartition("/")
        if group.startswith("curve"):
            continue
        groups.setdefault(group, {})[kind] = summary
    lines += [_row(LABELS[kind], s) for kind, s in groups.pop("").items()]
    for group, rows in groups.items():
        title = (
            "Some of the frames, with attacks that compute on each of them"
            if group == "yardstick"
            else f"Another victim, `{Path(group).name}`"
        )
        lines += ["", f"{title}:", "", _HEAD]
        lines += [_row(LABELS[kind], s) for kind, s in rows.items()]
    if "read_as_wanted" in measured["attack"]:
        lines += ["", *_aim(results["attacker"], measured)]
    lines += ["", "| class | before | after |", "| --- | --- | --- |"]
    after = measured["attack"]["iou"]
    for name, value in measured["clean"]["iou"].items():
        if value is not None:
            now = after[name]
            cell = "-" if now is None else f"{100 * now:.1f}"
            lines.append(f"| {name} | {100 * value:.1f} | {cell} |")
    points = curve_points(measured)
    if points:
        lines += ["", "| PSNR, dB | attack, mIoU % | noise, mIoU % |"]
        lines.append("| --- | --- | --- |")
        lines += [
            f"| {level} | {100 * attack:.2f} | {100 * noise:.2f} |"
            for level, attack, noise in points
        ]
    return "\n".join(lines) + "\n"


def _aim(attacker, measured) -> list[str]:
    wanted = f"read as {attacker['target'] or 'another class'}"
    lines = [f"| change | {attacker['source']} {wanted}, % |", "| --- | --- |"]
    for kind, label in LABELS.items():
        if kind in measured:
            share = 100 * measured[kind]["read_as_wanted"]
            lines.append(f"| {label} | {share:.1f} |")
    return lines


def curve_points(measured) -> list[tuple[int, float, float]]:
    """PSNR, and the mIoU that attack and noise of that PSNR leave."""
    levels = sorted(
        int(name.rsplit("/")[-1])
        for name in measured
        if name.startswith("curve/attack/")
    )
    return [
        (
            level,
            measured[f"curve/attack/{level}"]["miou"],
            measured[f"curve/noise/{level}"]["miou"],
        )
        for level in levels
    ]


def _figure(draw, measured) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 4), layout="constrained")
    draw(figure.subplots(), measured)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=90)
    return buffer.getvalue()


def _bars(axes, measured):
    before, after = measured["clean"], measured["attack"]
    names = [name for name, v in before["iou"].items() if v is not None]
    places = np.arange(len(names))
    for shift, summary, label in (
        (-0.2, before, f"before: mIoU {before['miou']:.1%}"),
        (0.2, after, f"after: mIoU {after['miou']:.1%}"),
    ):
        heights = [summary["iou"][name] or 0.0 for name in names]
        axes.bar(places + shift, heights, 0.4, label=label)
    axes.set_xticks(places, names, rotation=40, ha="right")
    axes.set_ylabel("IoU")
    axes.set_ylim(0, 1)
    axes.legend()


def _curve(axes, measured):
    levels, attack, noise = zip(*curve_points(measured), strict=True)
    axes.plot(levels, noise, "o-", label="white noise")
    axes.plot(levels, attack, "o-", label="the attack, scaled")
    clean = measured["curve/clean"]["miou"]
    axes.axhline(clean, color="gray", linewidth=0.8, label="no change")
    axes.set_xlabel("PSNR, dB")
    axes.set_ylabel("mIoU")
    axes.set_ylim(bottom=0)
    axes.grid(alpha=0.3)
    axes.legend()


def _samples(samples, segmenter):
    def read(photo):
        return colorize(segmenter.segment(photo), segmenter.classes)

    rows = []
    for photo, changes in samples:
        attacked = changes["attack"]
        noisy = changes.get("noise", photo)
        rows.append(
            [
                photo,
                read(photo),
                attacked,
                read(attacked),
                difference_picture(photo, attacked),
                noisy,
                read(noisy),
            ]
        )
    return panels(rows, segmenter.classes, CAPTIONS)
