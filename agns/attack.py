"""Makes glasses with which a recogniser errs, and says whether they do.

    python -m agns.attack --kind dodging --attacker faces/NAME \\
        --save_dir out --run_dir runs/dodge
    python -m agns.attack --kind impersonation --attacker faces/NAME \\
        --target OTHER --save_dir out --run_dir runs/imitate
    python -m agns.attack --kind physical --attacker marked --target OTHER \\
        --save_dir out --run_dir runs/physical

The eyeglass generator goes on learning, from a discriminator which knows real
frames and from the recogniser (Sharif et al., TOPS 2019). A fifth of the
attacker's photos is held out, and the attack has succeeded when one of
sixteen pairs of glasses brings the person's mean probability over those to
`--stop_probability`. What 100 pairs of the untouched generator do is measured
first and stands beside it: without that, a success shows nothing.

`physical` takes photos in which frames with seven green marks are worn, and
draws the glasses where the marks are. Writes `glasses.png`, `print.png` (to
print at its true size), the worn photos, `sheet.png` and `attack.json`.

For recognisers that you own or are asked to test.
"""

import json
from pathlib import Path

import keras
from absl import flags

import shared.outputs
from agns import controls
from agns.attack_flags import define_attack_flags, rules_from_flags
from agns.attack_run import (
    load_attackers_photos,
    make_attack,
    mean_measures,
    set_up,
)
from agns.frames import load_frames, load_mask
from agns.goals import GOALS, KINDS, choose_goal
from agns.models import load_eyeglasses, load_recognizer
from agns.pictures import attack_files, write_attack
from shared.command import no_arguments, run_main
from shared.images import make_directory, write_bytes
from shared.outputs import refuse_existing
from shared.text import say
from shared.training import RunOptions, open_run

# What a run may not change when it goes on, and what it may.
FIXED = (
    "kind",
    "target",
    "recognizer",
    "batch_size",
    "kappa",
    "objective",
    "seed",
)
FLEXIBLE = ("learning_rate", "discriminator_rate")


def define_flags() -> None:
    """Defines the command's flags."""
    RunOptions.define_flags()
    flags.DEFINE_enum(
        "kind", "dodging", list(KINDS), "What the glasses are for."
    )
    flags.DEFINE_string(
        "attacker", None, "Folder of the attacker's aligned photos."
    )
    flags.DEFINE_string("target", None, "Whom to look like, if --kind has it.")
    flags.DEFINE_string(
        "recognizer",
        "openface42",
        "Model that ships, or run of agns.train_recognizer.",
    )
    flags.DEFINE_string(
        "model",
        "eyeglasses",
        "Eyeglass networks: a model that ships, or a run of "
        "agns.train_eyeglasses.",
    )
    flags.DEFINE_string(
        "images_dir",
        None,
        "Folder of real frames for the discriminator. Default: frames of the "
        "untouched generator, which the weights bring along.",
    )
    flags.DEFINE_string("mask", None, "Mask of the frame, 224 x 224 pixels.")
    flags.DEFINE_string("save_dir", None, "Folder for the results.")
    shared.outputs.define_flags()
    define_attack_flags()
    flags.DEFINE_float(
        "stop_probability",
        None,
        "Mean probability at which the attack has succeeded. Default: "
        + ", ".join(f"{goal.stop} for {name}" for name, goal in GOALS.items())
        + ".",
    )
    flags.DEFINE_float(
        "frame_width", 136.0, "Width of the printed frame in millimetres."
    )
    flags.mark_flags_as_required(["attacker", "save_dir"])


def check_save_dir(save_dir, attack, overwrite):
    """Checks before the attack that its results may be written.

    The results of the same attack are replaced: a run that goes on writes
    them again.

    Args:
        save_dir: Path of the folder for the results.
        attack: dict, what tells the attack from others in `attack.json`.
        overwrite: bool, whether other files are replaced too.

    Returns:
        bool, whether files that are there are to be replaced.

    Raises:
        UserError: naming the first that may not.
    """
    table = save_dir / "attack.json"
    try:
        before = json.loads(table.read_text("utf-8"))
    except (OSError, ValueError):
        before = None
    if isinstance(before, dict) and attack.items() <= before.items():
        return True
    for path in (table, *attack_files(save_dir)):
        refuse_existing(path, overwrite)
    return overwrite


def load_networks(eyeglasses, recognizer, precision):
    """The networks of an attack.

    Args:
        eyeglasses, recognizer: Models that ship, or runs.
        precision: Keras dtype policy of the recogniser.

    Returns:
        ((generator, discriminator, recogniser, the same in float32), people).

    Raises:
        UserError: if there is no such model, or it is broken.
    """
    network, people = load_recognizer(recognizer, precision)
    # Success is judged in float32, whatever the training computes.
    checker = network
    if precision != "float32":
        checker, _ = load_recognizer(recognizer)
    return (*load_eyeglasses(eyeglasses), network, checker), people


def measure_untaught(setup, checker, photos, goal, person, name):
    """What no glasses and 100 random pairs do, as `attack.json` has it.

    Args:
        setup: `agns.attack_run.Setup`, untouched.
        checker: The recogniser in float32.
        photos: Photos.
        goal: `agns.goals.Goal`.
        person: The class.
        name: The person's name, to say what was found.

    Returns:
        dict of JSON values.
    """
    sources = controls.make_sources(setup.game.generator, None, 100)
    found = {
        "no_glasses": controls.bare_measure(checker, photos, goal, person),
        "random": controls.describe(
            mean_measures(
                setup.wearing, sources["random"], photos, goal, person
            )
        ),
    }
    say(
        f"{name} on {len(photos.test)} held-out photos: "
        f"{found['no_glasses']:.3f} without glasses; with 100 random pairs "
        "{least:.3f} to {greatest:.3f}".format(**found["random"])
    )
    return found


def result_of(check, untaught):
    """How an attack ended, as `attack.json` has it.

    Args:
        check: `agns.attack_run.Check` that has looked.
        untaught: What `measure_untaught` found.
    """
    return {
        "held_out_photos": len(check.photos.test),
        "stop_probability": check.stop,
        "succeeded": check.succeeded,
        "probability": check.probability,
        "control": untaught,
    }


def describe(check, name):
    """The same in words.

    Args:
        check: See `result_of`.
        name: Name of the person whom it is about.
    """
    word = "succeeded" if check.succeeded else "failed"
    return (
        f"{check.goal.name} {word}: {name} has {check.probability:.3f} on "
        f"held-out photos (wanted {check.stop})"
    )


def main(arguments, values=flags.FLAGS) -> int:
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    options = RunOptions.from_flags(values)
    options.limit_threads()
    attacker, save_dir = Path(values.attacker), Path(values.save_dir)
    kind = KINDS[values.kind]
    mask = load_mask(values.mask) if values.mask else load_mask()
    rules = rules_from_flags(values)
    keras.utils.set_random_seed(options.seed)
    with options.scope():
        networks, people = load_networks(
            values.model, values.recognizer, options.precision
        )
        *players, checker = networks
        goal, person = choose_goal(kind, attacker.name, values.target, people)
        photos = load_attackers_photos(attacker, kind.physical)
        frames = load_frames(values.images_dir) if values.images_dir else None
        attack = {
            "kind": kind.name,
            "attacker": attacker.name,
            "person": people[person],
            "recognizer": values.recognizer,
            "seed": options.seed,
        }
        replace = check_save_dir(save_dir, attack, values.overwrite)
        fixed = {flag: values[flag].value for flag in FIXED}
        fixed |= {"attacker": attacker.name, "eyeglasses": values.model}
        open_run(
            options.run_dir,
            fixed,
            flexible={flag: values[flag].value for flag in FLEXIBLE},
            resume_from=options.resume_from,
        )
        make_directory(save_dir)
        setup = set_up(
            *players,
            mask,
            rules,
            checker=checker,
            frames=frames,
            physical=kind.physical,
            seed=options.seed,
            **options.compiling,
        )
    untaught = measure_untaught(
        setup, checker, photos, goal, person, people[person]
    )
    check = make_attack(
        setup,
        goal,
        person,
        photos,
        steps=values.steps,
        check_every=values.check_every,
        batch_size=values.batch_size,
        stop=values.stop_probability,
        seed=options.seed,
        options=options,
    )
    result = attack | result_of(check, untaught)
    text = json.dumps(result, indent=2) + "\n"
    write_bytes(save_dir / "attack.json", text.encode(), replace)
    write_attack(
        save_dir, check.glasses, photos, mask, values.frame_width, replace
    )
    say(f"{describe(check, people[person])}; {save_dir}")
    return 0 if check.succeeded else 1


if __name__ == "__main__":
    define_flags()
    run_main(main)
