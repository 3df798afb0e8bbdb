"""Writes what `dcgan.evaluate` measured: files for people and programs.

report.json     every number, with the recipe that makes it again
report.md       the table as in docs/measured/dcgan.md
NAME.png        100 samples of each model
NAME_nearest.png  16 samples and, below each, its nearest training image
"""

from pathlib import Path

import numpy as np

from shared.grids import image_grid
from shared.report_files import save_report

# Column title, key of the row, format.
_COLUMNS = (
    ("{distance}", "frechet", "{:.2f}"),
    ("KID", "kernel", "{:.2f}"),
    ("confident > .9, %", "confident", "{:.1%}"),
    ("as asked, %", "as_asked", "{:.1%}"),
    ("classes", "class_coverage", "{}"),
    ("entropy, nats", "class_entropy", "{:.3f}"),
    ("precision", "precision", "{:.3f}"),
    ("recall", "recall", "{:.3f}"),
    ("nearest: median", "neighbour_median", "{:.1f}"),
    ("nearest: 1st percentile", "neighbour_low", "{:.1f}"),
)


def write_report(report_dir, results, pictures):
    """Writes all files of a report, or none.

    Args:
        report_dir: Directory that exists.
        results: Dict of `dcgan.evaluate`.
        pictures: By model: 100 samples or fewer, and the nearest training
            images of the first 16, uint8 [N, H, W, C].

    Returns:
        List of Path, the files written.

    Raises:
        UserError: If a file cannot be written.
    """
    files = {"report.md": markdown(results)}
    names = picture_names(pictures)
    for model, (samples, nearest) in pictures.items():
        pairs = np.concatenate([samples[: len(nearest)], nearest])
        grids = (
            image_grid(samples, 10, scale=2),
            image_grid(pairs, len(nearest), scale=2),
        )
        for name, grid in zip(names[model], grids, strict=True):
            files[name] = grid
    return save_report(report_dir, results, files)


def picture_names(models):
    """The files with a report's pictures.

    Args:
        models: Names of models or paths of their directories.

    Returns:
        Dict by model: the names of its samples and of its nearest images.
    """
    stems = [Path(model).name for model in models]
    names = {}
    for model, stem in zip(models, stems, strict=True):
        if stems.count(stem) > 1:
            stem = "_".join(part for part in Path(model).parts if part != "/")
        names[model] = (f"{stem}.png", f"{stem}_nearest.png")
    return names


def markdown(results) -> str:
    """The table and what its numbers are made from."""
    rows = results["rows"]
    columns = [c for c in _COLUMNS if any(c[1] in row for row in rows)]
    titles = [c[0].format(distance=results["distance"]) for c in columns]
    lines = [
        " | ".join(["", "", *titles, ""]).strip(),
        "|".join(["", *[" --- "] * (len(columns) + 1), ""]),
    ]
    for row in rows:
        cells = []
        for _, key, form in columns:
            value = row.get(key)
            if key == "kernel" and value is not None:
                cells.append(f"{value:.2f} +- {row['kernel_std']:.2f}")
            else:
                cells.append("" if value is None else form.format(value))
        lines.append("| " + " | ".join([row["name"], *cells]) + " |")
    lines += [
        "",
        f"n = {results['count']} samples and as many real images (precision "
        f"and recall: {results['paired']}; nearest neighbours: "
        f"{results['neighbours']} against all training images, in levels of 0 "
        f"to 255), seed {results['seed']}.",
    ]
    if results["judge"]:
        lines.append(results["judge"])
    lines += ["", f"    {results['recipe']['command']}", ""]
    return "\n".join(lines)
