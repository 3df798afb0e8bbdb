"""Draws what people share beside photos: pages, charts, screens, drawings.

    python -m stegastamp.draw_pages --count 400 --save_dir pages

A stamp is hardest to hide, and to read, on flat white with sharp edges. These
pictures train it (give the folder to stegastamp.train beside the photos) and
test it (give another --seed). A picture depends on the seed and its number.
"""

import io
from pathlib import Path

import numpy as np
from absl import flags
from matplotlib import patches
from matplotlib.figure import Figure
from tqdm import tqdm

from shared import outputs
from shared.command import no_arguments, run_main
from shared.errors import UserError

SYLLABLES = "ka lo mi ter san de vo ri nu pel an est qu or bi fa gre tu sch ow"
SYLLABLES = SYLLABLES.split()
FONTS = ("DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono")
# Least and greatest sides in pixels.
SIDES = (600, 1100)
DPI = 100


def _words(random, count):
    words = []
    for _ in range(count):
        word = "".join(random.choice(SYLLABLES, random.integers(1, 5)))
        words.append(word.capitalize() if random.random() < 0.15 else word)
    return words


def _text(random, lines, words):
    return "\n".join(" ".join(_words(random, words)) for _ in range(lines))


def _axes(figure, paper):
    figure.set_facecolor(paper)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    return axes


def _paper_and_ink(random):
    if random.random() < 0.6:
        return (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)
    light = tuple(random.uniform(0.85, 1.0, 3))
    dark = tuple(random.uniform(0.0, 0.35, 3))
    return (dark, light) if random.random() < 0.35 else (light, dark)


def draw_page(figure, random):
    """A page of paragraphs, some with a heading and in columns."""
    paper, ink = _paper_and_ink(random)
    axes = _axes(figure, paper)
    font = dict(family=str(random.choice(FONTS)), color=ink, va="top")
    size = random.uniform(6, 14)
    columns = int(random.integers(1, 3))
    margin = random.uniform(0.04, 0.14)
    top = 1 - margin
    if random.random() < 0.7:
        heading = " ".join(_words(random, 3))
        axes.text(margin, top, heading, fontsize=1.8 * size, **font)
        top -= 3.2 * size / DPI / figure.get_figheight()
    wide = (1 - 2 * margin) / columns
    words = max(2, int(wide * figure.get_figwidth() * DPI / size / 3.6))
    step = 1.75 * size / 72 / figure.get_figheight()
    rows = max(3, int((top - margin) / step))
    for column in range(columns):
        text = _text(random, int(rows * random.uniform(0.5, 1)), words)
        x = margin + column * wide
        box = axes.text(x, top, text, fontsize=size, linespacing=1.4, **font)
        box.set_clip_on(True)
        box.set_clip_box(figure.bbox)


def draw_chart(figure, random):
    """Bars, lines or points with axes, a title and a legend."""
    figure.set_facecolor("white")
    axes = figure.add_axes((0.12, 0.12, 0.8, 0.76))
    kind = random.integers(3)
    count = int(random.integers(4, 20))
    for series in range(random.integers(1, 5)):
        values = np.cumsum(random.normal(size=count)) + 5 * random.random()
        color, label = tuple(random.random(3)), _words(random, 1)[0]
        x = np.arange(count)
        if kind == 0:
            x = x + 0.2 * series
            axes.bar(x, np.abs(values), 0.2, color=color, label=label)
        elif kind == 1:
            axes.plot(x, values, color=color, label=label)
        else:
            axes.scatter(random.normal(size=99), random.normal(size=99), 9)
    if kind < 2:
        axes.legend()
    if random.random() < 0.5:
        axes.grid(alpha=0.4)
    axes.set_title(" ".join(_words(random, 4)))
    axes.set_xlabel(" ".join(_words(random, 2)))


def draw_screen(figure, random):
    """An application: bars, cards, buttons and short texts."""
    paper, ink = _paper_and_ink(random)
    axes = _axes(figure, paper)
    accent = tuple(random.random(3))
    axes.add_patch(patches.Rectangle((0, 0.92), 1, 0.08, color=accent))
    axes.text(0.03, 0.945, _words(random, 1)[0], color="white", fontsize=14)
    side = random.choice([0.0, 0.22])
    if side:
        shade = tuple(0.93 * np.array(paper) + 0.07 * np.array(ink))
        axes.add_patch(patches.Rectangle((0, 0), side, 0.92, color=shade))
        for y in np.arange(0.86, 0.2, -0.06):
            axes.text(0.02, y, _words(random, 1)[0], color=ink, fontsize=9)
    columns, rows = random.integers(1, 4), random.integers(2, 6)
    for row in range(rows):
        for column in range(columns):
            wide, high = (1 - side) / columns, 0.9 / rows
            x, y = side + column * wide, 0.9 - (row + 1) * high
            card = patches.FancyBboxPatch(
                (x + 0.03, y + 0.03),
                max(0.01, wide - 0.06),
                max(0.01, high - 0.06),
                boxstyle="round,pad=0.01",
                facecolor=random.random(3) if random.random() < 0.3 else paper,
                edgecolor=(*ink, 0.3),
            )
            axes.add_patch(card)
            axes.text(
                x + 0.04,
                y + high / 2,
                " ".join(_words(random, 2)),
                color=ink,
                fontsize=random.uniform(8, 13),
            )


def draw_drawing(figure, random):
    """Lines, curves and a few flat shapes, as drawn with a pen."""
    paper, ink = _paper_and_ink(random)
    axes = _axes(figure, paper)
    for _ in range(random.integers(8, 45)):
        width = random.uniform(0.6, 4)
        start = random.random(2)
        kind = random.integers(4)
        if kind == 0:
            points = start + np.cumsum(0.06 * random.normal(size=(9, 2)), 0)
            axes.plot(*points.T, color=ink, linewidth=width)
        elif kind == 1:
            turn = np.linspace(0, random.uniform(2, 7), 60)
            radius = random.uniform(0.02, 0.2)
            axes.plot(
                start[0] + radius * np.cos(turn),
                start[1] + radius * np.sin(turn),
                color=ink,
                linewidth=width,
            )
        else:
            shape = patches.Polygon(
                start + 0.15 * random.normal(size=(random.integers(3, 7), 2)),
                facecolor=random.random(3) if kind == 2 else "none",
                edgecolor=ink,
                linewidth=width,
            )
            axes.add_patch(shape)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)


def draw_logo(figure, random):
    """A few flat shapes and a word in the middle of much paper."""
    paper, ink = _paper_and_ink(random)
    axes = _axes(figure, paper)
    for _ in range(random.integers(1, 6)):
        centre = 0.5 + 0.14 * random.normal(size=2)
        color = tuple(random.random(3))
        radius = random.uniform(0.04, 0.25)
        if random.random() < 0.5:
            axes.add_patch(patches.Circle(centre, radius, color=color))
        else:
            corners = int(random.integers(3, 8))
            axes.add_patch(
                patches.RegularPolygon(
                    centre, corners, radius=radius, color=color
                )
            )
    axes.text(
        0.5,
        random.uniform(0.1, 0.9),
        _words(random, 1)[0],
        color=ink,
        ha="center",
        fontsize=random.uniform(20, 60),
        weight="bold",
        family=str(random.choice(FONTS)),
    )


KINDS = {
    "page": draw_page,
    "chart": draw_chart,
    "screen": draw_screen,
    "drawing": draw_drawing,
    "logo": draw_logo,
}


def draw(number: int, seed: int = 0) -> tuple[str, bytes]:
    """Draws one picture.

    Args:
        number: Of the picture; kinds take turns.
        seed: Of all pictures.

    Returns:
        Its kind, one of `KINDS`, and its PNG file.
    """
    random = np.random.default_rng([seed, number])
    kind = list(KINDS)[number % len(KINDS)]
    width, height = random.integers(*SIDES, 2) / DPI
    figure = Figure(figsize=(width, height), dpi=DPI)
    KINDS[kind](figure, random)
    file = io.BytesIO()
    figure.savefig(file, format="png", facecolor=figure.get_facecolor())
    return kind, file.getvalue()


def define_flags(values=flags.FLAGS) -> None:
    """Defines the command's flags."""
    outputs.define_flags(values)
    outputs.define_save_dir("Folder for the PNG files.", values=values)
    flags.DEFINE_integer("count", 100, "Pictures.", 1, flag_values=values)
    flags.DEFINE_integer(
        "seed", 0, "Of all pictures.", lower_bound=0, flag_values=values
    )


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    if not values.save_dir:
        raise UserError("--save_dir: name a folder for the pictures")
    folder = Path(values.save_dir)
    folder.mkdir(parents=True, exist_ok=True)
    for number in tqdm(range(values.count), unit="picture", disable=None):
        kind, file = draw(number, values.seed)
        path = folder / f"{kind}_{values.seed}_{number:04d}.png"
        outputs.write_files({path: file}, values.overwrite)


if __name__ == "__main__":
    define_flags()
    run_main(main)
