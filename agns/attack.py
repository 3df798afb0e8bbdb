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
import numpy as np
from absl import flags

import shared.outputs
from agns import controls
from agns.attack_flags import define_attack_flags, rules_from_flags
from agns.attack_run import (
    DEFAULT_STOP,
    AttackBatches,
    Check,
    load_attackers_photos,
    mean_probabilities,
)
from agns.frames import load_frames, load_mask
from agns.game import KINDS, AttackGame, build_wearing
from agns.models import (
    answers,
    dtype_policy,
    load_eyeglasses,
    load_recognizer,
)
from agns.pictures import attack_files, write_attack
from shared.errors import UserError, no_arguments, run_main
from shared.grids import to_uint8
from shared.images import make_directory
from shared.outputs import refuse_existing
from shared.text import say
from shared.training import (
    RunOptions,
    fit_run,
    open_run,
    resume,
    sync_weights,
    write_text,
)

FLAGS = flags.FLAGS


def define_flags() -> None:
    """Defines the command's flags."""
    RunOptions.define_flags(leave_out=("steps_per_execution", "distribute"))
    flags.DEFINE_enum(
        "kind", "dodging", [*KINDS, "physical"], "What the glasses are for."
    )
    flags.DEFINE_string(
        "attacker", None, "Folder of the attacker's aligned photos."
    )
    flags.DEFINE_string("target", None, "Whom to look like; dodging has none.")
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
        "Mean probability at which the attack has succeeded. Default: .01 for "
        "dodging, else .924.",
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


def choose_person(kind, attacker, target, people):
    """The class that an attack lowers (dodging) or raises.

    Args:
        kind: "dodging", "impersonation" or "physical".
        attacker: The attacker's name.
        target: Whom to look like, or None.
        people: The recogniser's people.

    Returns:
        (kind, class): kind is "dodging" or "impersonation".

    Raises:
        UserError: naming the flag, if the two do not go together.
    """
    if kind == "dodging" or (kind == "physical" and not target):
        if target:
            raise UserError(
                "--target: dodging has none; leave it out, or use "
                "--kind=impersonation"
            )
        if attacker not in people:
            raise UserError(
                f"--attacker: the recogniser does not know {attacker}, who "
                "has nothing to dodge; it knows " + _some(people)
            )
        return "dodging", people.index(attacker)
    if not target:
        raise UserError("--target is missing: whom should the glasses show?")
    if target not in people:
        raise UserError(
            f"--target: the recogniser does not know {target}; it knows "
            + _some(people)
        )
    if target == attacker:
        raise UserError(f"--target: {target} is the attacker; name another")
    return "impersonation", people.index(target)


def _some(people):
    shown = ", ".join(people[:5])
    return shown + (f" and {len(people) - 5} more" if people[5:] else "")


def main(argv) -> int:
    """Runs the command; returns its exit code."""
    no_arguments(argv)
    options = RunOptions.from_flags()
    options.limit_threads()
    attacker = Path(FLAGS.attacker)
    physical = FLAGS.kind == "physical"
    mask = load_mask(FLAGS.mask) if FLAGS.mask else load_mask()
    recognizer, people = load_recognizer(FLAGS.recognizer, FLAGS.precision)
    kind, person = choose_person(
        FLAGS.kind, attacker.name, FLAGS.target, people
    )
    photos = load_attackers_photos(attacker, physical)
    stop = FLAGS.stop_probability
    stop = DEFAULT_STOP[kind] if stop is None else stop
    rules = rules_from_flags()
    save_dir = Path(FLAGS.save_dir)
    attack = {
        "kind": FLAGS.kind,
        "attacker": attacker.name,
        "person": people[person],
        "recognizer": FLAGS.recognizer,
        "seed": FLAGS.seed,
    }
    replace = check_save_dir(save_dir, attack, FLAGS.overwrite)
    run_dir = open_run(
        FLAGS.run_dir,
        {
            "kind": FLAGS.kind,
            "attacker": attacker.name,
            "target": FLAGS.target,
            "recognizer": FLAGS.recognizer,
            "eyeglasses": FLAGS.model,
            "batch_size": FLAGS.batch_size,
            "kappa": FLAGS.kappa,
            "objective": FLAGS.objective,
            "seed": FLAGS.seed,
        },
        flexible={
            "learning_rate": FLAGS.learning_rate,
            "discriminator_rate": FLAGS.discriminator_rate,
        },
        resume_from=options.resume_from,
    )
    make_directory(save_dir)

    # Networks. Success is judged in float32, whatever the training computes.
    keras.utils.set_random_seed(FLAGS.seed)
    generator, discriminator = load_eyeglasses(FLAGS.model)
    checker = recognizer
    if FLAGS.precision != "float32":
        checker, _ = load_recognizer(FLAGS.recognizer)
    wearing = build_wearing(checker, mask, physical)
    with dtype_policy("float32"):
        game = AttackGame(
            generator,
            discriminator,
            build_wearing(recognizer, mask, physical),
            rules,
            FLAGS.seed,
        )
    game.aim(kind, person)
    game.compile(jit_compile=options.jit_compile)
    random = controls.make_sources(generator, None, 100)["random"]
    before = {
        "no_glasses": controls.bare_probability(checker, photos, person),
        "random": controls.describe(
            mean_probabilities(wearing, random, photos, person)
        ),
    }
    say(
        f"{people[person]} on {len(photos.test)} held-out photos: "
        f"{before['no_glasses']:.3f} without glasses; with 100 random pairs "
        "{least:.3f} to {greatest:.3f}".format(**before["random"])
    )

    # The attack.
    real = real_frames(generator)
    state = resume(game, run_dir)
    check = Check(generator, wearing, photos, person, kind, stop, FLAGS.seed)
    batches = AttackBatches(
        real,
        photos,
        FLAGS.batch_size,
        FLAGS.check_every,
        FLAGS.seed,
        state["step"],
    )
    if not state["schedule"].get("succeeded"):
        fit_run(
            game,
            batches,
            options,
            steps=max(FLAGS.steps, FLAGS.check_every),
            steps_per_epoch=FLAGS.check_every,
            first_step=state["step"],
            exports={"generator": generator, "discriminator": discriminator},
            describe=lambda: f"held out {check.probability:.3f}",
            get_state=lambda: {"succeeded": check.succeeded},
            callbacks=[check],
        )
        sync_weights(game)
    if check.glasses is None:
        check.look()

    result = {
        **attack,
        "held_out_photos": len(photos.test),
        "stop_probability": stop,
        "succeeded": check.succeeded,
        "probability": check.probability,
        "control": before,
    }
    write_text(save_dir / "attack.json", json.dumps(result, indent=2) + "\n")
    write_attack(
        save_dir, check.glasses, photos, mask, FLAGS.frame_width, replace
    )
    word = "succeeded" if check.succeeded else "failed"
    say(
        f"{kind} {word}: {people[person]} has {check.probability:.3f} on "
        f"held-out photos (wanted {stop}); {save_dir}"
    )
    return 0 if check.succeeded else 1


def real_frames(generator):
    """The frames that the discriminator is shown as real."""
    if FLAGS.images_dir:
        return load_frames(FLAGS.images_dir)
    random = np.random.default_rng(FLAGS.seed)
    codes = random.normal(size=(500, generator.input_shape[-1]))
    return to_uint8(answers(generator, codes.astype("float32")))


if __name__ == "__main__":
    define_flags()
    run_main(main)
