"""Measures how often a recogniser names people whom it does not know.

    python -m agns.strangers --images_dir aligned --model openface10
    python -m agns.strangers --images_dir aligned --strangers_dir others

For each threshold of `agns.recognize`: what becomes of the held-out photos of
the people whom the recogniser knows, and how many strangers get a name.
Strangers are the people of `--images_dir` that it does not know, and all
photos of `--strangers_dir`. All photos are aligned faces.
"""

import sys

import numpy as np
from absl import flags

import shared.report_files
from agns import api
from agns.align import find_files
from agns.people import find_people, load_faces
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.recipe import make_recipe
from shared.report_files import print_json
from shared.text import say

THRESHOLDS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99)


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    flags.DEFINE_string(
        "images_dir",
        None,
        "Folder with one folder of aligned photos a person.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "strangers_dir",
        None,
        "Folder of aligned photos of people whom no recogniser here knows.",
        flag_values=values,
    )
    shared.report_files.define_flags(values)
    api.define_flags(api.RECOGNIZER, values)


def rates(known, labels, strangers, threshold):
    """What a threshold makes of known people and of strangers.

    Args:
        known: float [N, K], probabilities of faces of known people.
        labels: int [N], whose they are.
        strangers: float [M, K], probabilities of faces of others.
        threshold: Probability below which nobody is named.

    Returns:
        Shares: `right`, `wrong` (somebody else's name) and `unknown` of the
        known faces, `named` of the strangers' (NaN where there are none).
    """
    named = known.max(axis=1) >= threshold
    right = known.argmax(axis=1) == labels
    return {
        "right": float(np.mean(named & right)),
        "wrong": float(np.mean(named & ~right)),
        "unknown": float(np.mean(~named)),
        "named": float(np.mean(strangers.max(axis=1) >= threshold))
        if len(strangers)
        else float("nan"),
    }


def markdown(results):
    """The measured rates as a table, and whose they are."""
    lines = [
        f"{results['model']}: {results['photos']} held-out photos of "
        f"{results['people']} known people, {results['strangers']} photos of "
        "strangers",
        "",
        "| threshold | right | another's name | unknown | strangers named |",
        "| --- | --- | --- | --- | --- |",
    ]
    for row in results["thresholds"]:
        shares = (row[key] for key in ("right", "wrong", "unknown", "named"))
        # Nobody to name: no rate.
        cells = " | ".join(
            "" if np.isnan(share) else f"{100 * share:.1f}" for share in shares
        )
        lines.append(f"| {row['threshold']:g} | {cells} |")
    return "\n".join(lines)


def main(arguments, values=flags.FLAGS):
    """Runs the command."""
    no_arguments(arguments)
    if not values.images_dir:
        raise UserError("--images_dir is missing: aligned photos of people")
    recognizer = api.Recognizer(values.model, values.threads, values.provider)
    people = find_people(values.images_dir)
    known = [p for p in people if p.name in recognizer.people]
    if not known:
        raise UserError(
            f"--images_dir: {values.images_dir}: has no folder of anybody whom "
            f"{values.model} knows, such as {recognizer.people[0]}"
        )
    others = [path for p in people if p not in known for path in p.train]
    others += [path for p in people if p not in known for path in p.test]
    if values.strangers_dir:
        photos, left_out = find_files(values.strangers_dir)
        others += photos
        if left_out:
            say(f"left out {left_out}", file=sys.stderr)
    faces = [path for person in known for path in person.test]
    labels = np.repeat(
        [recognizer.people.index(person.name) for person in known],
        [len(person.test) for person in known],
    )
    found = recognizer.probabilities(load_faces(faces))
    strangers = np.zeros((0, len(recognizer.people)), np.float32)
    if others:
        strangers = recognizer.probabilities(load_faces(others))
    results = {
        "model": values.model,
        "photos": len(faces),
        "people": len(known),
        "strangers": len(others),
        "thresholds": [
            {"threshold": each} | rates(found, labels, strangers, each)
            for each in THRESHOLDS
        ],
    }
    if values.json:
        recipe = make_recipe("agns.strangers", [recognizer.path], values)
        print_json(results | {"recipe": recipe})
    else:
        say(markdown(results), keep="\n")


if __name__ == "__main__":
    define_flags()
    run_main(main)
