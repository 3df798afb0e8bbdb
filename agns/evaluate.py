"""Measures how worn glasses move a recogniser, against fair baselines.

    python -m agns.evaluate --images_dir faces --save_dir report

Recognition: the share of held-out photos that the recogniser names rightly.
Controls, on held-out photos of the attackers: no glasses, real frames (with
`--frames_dir`), random pairs of the untouched generator, plain noise inside
the mask. Attacks: `--attackers` people, each dodging and imitating
`--targets` others, with `--seeds` seeds; a dodging attack counts only if no
random pair does the same. Transfer: what the glasses that were made against
one recogniser do to others (`--transfer`).

Attacks are kept in `attacks.jsonl` as they end; the same command goes on
after an interruption, or with more seeds. `report.json`, `curves.png`,
`success.png` and `contact_sheet.png` are written at the end.
"""

import json
import time
from pathlib import Path

import keras
import numpy as np
from absl import flags
from tqdm import tqdm

import shared.report_files
from agns import controls
from agns.attack_flags import define_attack_flags, rules_from_flags
from agns.attack_run import load_attackers_photos
from agns.evaluate_attacks import Arena, plan_attacks
from agns.evaluate_report import draw_pictures, summarize
from agns.frames import load_frames, load_mask
from agns.goals import EVALUATED, GOALS
from agns.models import (
    EYEGLASS_WEIGHTS,
    RECOGNIZER_WEIGHTS,
    answers,
    find_eyeglasses,
    find_recognizer,
    load_eyeglasses,
    load_recognizer,
)
from agns.networks import INPUTS
from agns.people import find_people, load_faces, to_input
from agns.report import accuracy_table
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.outputs import check_report_dir, define_save_dir
from shared.recipe import make_recipe
from shared.report_files import narrator, print_json, save_report
from shared.text import say
from shared.training import limit_threads, open_run, write_text
from shared.training.run_dir import CONFIG

# What a report consists of besides `report.json`.
FILES = (
    *("controls.json", "attacks.jsonl", "glasses"),
    *("curves.png", "success.png", "contact_sheet.png"),
)
# What attacks and controls that are kept were made with; more seeds may follow.
FIXED = (
    "recognizer",
    "model",
    "kinds",
    "steps",
    "check_every",
    "batch_size",
    "kappa",
    "objective",
    "learning_rate",
    "discriminator_rate",
    "attackers",
    "targets",
    "transfer",
    "pairs",
    "photos",
    "frames_dir",
    "precision",
    "seed",
)


def define_flags() -> None:
    """Defines the command's flags."""
    flags.DEFINE_string(
        "images_dir", None, "Folder with one folder of aligned photos a person."
    )
    define_save_dir("Folder for the report.", "report_dir")
    flags.DEFINE_string("recognizer", "openface42", "Who is attacked.")
    flags.DEFINE_string("model", "eyeglasses", "Eyeglass networks.")
    flags.DEFINE_multi_string(
        "transfer", [], "Another recogniser to show the glasses to."
    )
    flags.DEFINE_string("frames_dir", None, "Folder of real frames.")
    flags.DEFINE_multi_enum(
        "kinds", list(EVALUATED), list(GOALS), "Attacks to make."
    )
    flags.DEFINE_integer("attackers", 10, "People who attack.", lower_bound=1)
    flags.DEFINE_integer("targets", 1, "Others whom each one imitates.")
    flags.DEFINE_integer("seeds", 3, "Repetitions of each attack.")
    define_attack_flags()
    flags.DEFINE_integer("pairs", 100, "Pairs of glasses of each control.")
    flags.DEFINE_integer(
        "photos", 8, "Held-out photos of an attacker that are looked at."
    )
    flags.DEFINE_enum(
        "precision",
        "float32",
        ["float32", "mixed_bfloat16"],
        "Of the recogniser while glasses learn; success is judged in float32.",
    )
    flags.DEFINE_bool(
        "jit_compile", keras.backend.backend() == "jax", "Compile with XLA."
    )
    flags.DEFINE_integer("threads", 0, "CPU threads; 0 means all of them.")
    flags.DEFINE_integer("seed", 0, "Seed of the choice of people.")
    shared.report_files.define_flags()
    flags.mark_flags_as_required(["images_dir", "save_dir"])


def recognition(network, names, images_dir):
    """Clean accuracy of a recogniser on the held-out photos of its people."""
    people = find_people(images_dir, names=names)
    low = INPUTS["vgg" if network.name.startswith("vgg") else "openface"][1]
    faces = load_faces([path for person in people for path in person.test])
    labels = np.repeat(np.arange(len(people)), [len(p.test) for p in people])
    found = answers(network, to_input(faces, network.input_shape[1], low))
    return accuracy_table(found, labels, names)


def read_done(path):
    """The attacks that a former run of the command has ended.

    Raises:
        UserError: if the file is cut off, or holds a kind of attack that
            nobody here can judge.
    """
    if not path.exists():
        return []
    try:
        done = [json.loads(line) for line in path.read_text().splitlines()]
    except ValueError as error:
        raise UserError(f"{path}: {error}; delete its last line") from error
    for number, record in enumerate(done, 1):
        if record.get("kind") not in GOALS:
            raise UserError(
                f"{path}: line {number}: an attack of the unknown kind "
                f"{record.get('kind')}; name a new --save_dir"
            )
    return done


def _recipe(values):
    """How the report is made again; the first run may have been another."""
    glasses = find_eyeglasses(values.model)
    files = [glasses / name for name in EYEGLASS_WEIGHTS]
    for model in (values.recognizer, *values.transfer):
        files.append(find_recognizer(model) / RECOGNIZER_WEIGHTS)
    return make_recipe("agns.evaluate", files, values)


def main(arguments, values=flags.FLAGS) -> None:
    """Runs the command."""
    no_arguments(arguments)
    limit_threads(values.threads)
    # A report goes on by its settings, which are the first file of it.
    if not (Path(values.save_dir) / CONFIG).exists():
        check_report_dir(values.save_dir, FILES, "agns.evaluate")
    network, names = load_recognizer(values.recognizer)
    if values.attackers > len(names):
        raise UserError(
            f"--attackers: {values.attackers} are wanted, the recogniser knows "
            f"{len(names)} people"
        )
    rules = rules_from_flags(values)

    # Recognition.
    clean = {values.recognizer: recognition(network, names, values.images_dir)}
    others = {model: load_recognizer(model) for model in values.transfer}
    for model, (other, known) in others.items():
        if known != names:
            raise UserError(
                f"--transfer: {model} knows other people than "
                f"{values.recognizer}"
            )
        clean[model] = recognition(other, known, values.images_dir)
    for model, table in clean.items():
        say(
            f"{model}: {table['accuracy']:.1%} of held-out photos",
            file=narrator(values),
        )

    # Controls.
    plan = plan_attacks(
        names,
        values.attackers,
        values.targets,
        values.seeds,
        values.kinds,
        values.seed,
    )
    mask = load_mask()
    keras.utils.set_random_seed(0)
    learned_from = network
    if values.precision != "float32":
        learned_from, _ = load_recognizer(values.recognizer, values.precision)
    arena = Arena(
        *load_eyeglasses(values.model),
        learned_from,
        network,
        mask,
        rules,
        values.jit_compile,
    )
    photos = {
        attack.attacker: load_attackers_photos(
            Path(values.images_dir) / attack.attacker
        ).first(values.photos)
        for attack in plan
    }
    sources = controls.make_sources(
        arena.generator,
        load_frames(values.frames_dir, values.pairs)
        if values.frames_dir
        else None,
        values.pairs,
    )
    # Only now: what is refused leaves no settings behind.
    fixed = {flag: values[flag].value for flag in FIXED}
    report_dir = open_run(values.save_dir, fixed, flag="save_dir")
    baseline = read_or_measure(
        report_dir / "controls.json",
        lambda: controls.measure(
            arena.setup.wearing, network, sources, photos, plan
        ),
    )

    # Attacks.
    done = read_done(report_dir / "attacks.jsonl")
    ended = {record["name"] for record in done}
    others = {model: arena.other(other) for model, (other, _) in others.items()}
    for attack in tqdm(plan, unit="attack", disable=None):
        if attack.name in ended:
            continue
        start = time.monotonic()
        record = arena.run(
            attack,
            photos[attack.attacker],
            others,
            report_dir,
            steps=values.steps,
            check_every=values.check_every,
            batch_size=values.batch_size,
        )
        record["seconds"] = round(time.monotonic() - start, 1)
        done.append(record)
        with open(report_dir / "attacks.jsonl", "a") as file:
            file.write(json.dumps(record) + "\n")

    # Report.
    summary = summarize(clean, baseline, done)
    summary["settings"] = fixed | {"seeds": values.seeds}
    summary["recipe"] = _recipe(values)
    pictures = draw_pictures(report_dir, done, baseline, photos, mask)
    save_report(report_dir, summary, pictures)
    if values.json:
        print_json(summary)
        return
    for kind, row in summary["attacks"].items():
        low, high = row["interval"]
        print(
            f"{kind}: {row['succeeded']} of {row['attacks']} succeeded "
            f"({100 * low:.0f}-{100 * high:.0f} %)"
        )
    print(f"report in {report_dir}")


def read_or_measure(path, measure):
    """A JSON file's values, measured and written if it is not there."""
    if path.exists():
        return json.loads(path.read_text())
    values = measure()
    write_text(path, json.dumps(values, indent=2) + "\n")
    return values


if __name__ == "__main__":
    define_flags()
    run_main(main)
