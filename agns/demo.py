"""The whole system on the weights and photos that come along.

    python -m agns.demo --demo recognition --save_dir demo_output/agns
    python -m agns.demo --demo all --save_dir demo_output/agns

recognition: names the people in held-out photos. glasses: draws new frames.
dodging, impersonation, physical: teach glasses to deceive the shipped
recogniser, as `agns.attack` does (these need the packages of
requirements.txt, and some minutes). Pictures are written to `--save_dir`,
where they replace those of an earlier demo, but no other files; the photos are
public research photos (LFW, and those of the paper's authors).

Exit code: 0 if all that was asked for ran, whether or not an attack
succeeded; 1 if not.
"""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
from absl import flags

import shared.outputs
import shared.runtime
from agns import api
from agns.frames import load_mask, place, wear
from agns.goals import KINDS
from agns.people import load_faces
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.grids import image_grid, write_png
from shared.images import list_photos, make_directory, write_bytes
from shared.outputs import refuse_existing
from shared.ranges import unit_to_levels
from shared.text import say

ASSETS = Path(__file__).parent / "assets"
DEMOS = ("recognition", "glasses", *KINDS)
# Says in a folder whose pictures the next demo may replace.
MARK = "agns_demo.txt"
ATTACKER, TARGET = "Hugo_Chavez", "Colin_Powell"


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    flags.DEFINE_enum(
        "demo", "all", [*DEMOS, "all"], "What to show.", flag_values=values
    )
    shared.outputs.define_save_dir(
        "Directory for the pictures; made if it is missing.",
        "output_dir",
        values,
        default="demo_output/agns",
    )
    flags.DEFINE_integer(
        "steps", 100, "Steps of an attack at most.", flag_values=values
    )
    flags.DEFINE_integer("seed", 0, "Seed of the glasses.", flag_values=values)
    shared.outputs.define_flags(values)
    shared.runtime.define_flags(values)


def mark_folder(output, overwrite):
    """Makes the folder of a demo, and refuses one with others' pictures.

    Raises:
        UserError: naming what is there and is not a demo's.
    """
    if (output / MARK).exists():
        return
    for name in ("recognition.png", "glasses.png"):
        refuse_existing(output / name, overwrite)
    make_directory(output)
    text = "The next python -m agns.demo replaces its pictures here.\n"
    write_bytes(output / MARK, text.encode())


def show_recognition(output, values):
    """Names everybody in the shipped photos, with glasses and without."""
    recognizer = api.Recognizer(
        threads=values.threads, provider=values.provider
    )
    generator = api.Generator(threads=values.threads, provider=values.provider)
    folders = sorted(p for p in (ASSETS / "faces").iterdir() if p.is_dir())
    paths = [path for folder in folders for path in list_photos(folder)]
    names = [path.parent.name for path in paths]
    faces = load_faces(paths).astype(np.float32) / 255.0
    glasses = generator.glasses(len(faces), values.seed)
    worn = wear(glasses, faces, load_mask())
    for title, pictures in (("bare", faces), ("random glasses", worn)):
        found, _ = recognizer.recognize(pictures)
        right = sum(a == b for a, b in zip(found, names, strict=True))
        print(f"recognition, {title}: {right} of {len(names)} photos")
    sheet = image_grid(unit_to_levels(worn), 8)
    write_png(output / "recognition.png", sheet, overwrite=True)


def show_glasses(output, values):
    """Draws sixteen pairs."""
    generator = api.Generator(threads=values.threads, provider=values.provider)
    glasses = place(generator.glasses(16, values.seed), load_mask())
    pictures = unit_to_levels((glasses + 1) / 2)[:, 48:122, 20:206]
    grid = image_grid(pictures, 4)
    write_png(output / "glasses.png", grid, overwrite=True)
    print("glasses: 16 pairs that nobody has taught to deceive")


def show_attack(output, values, kind):
    """Runs `agns.attack` in a process of its own; its exit code."""
    if not importlib.util.find_spec("keras"):
        raise UserError(
            f"--demo={kind}: teaching glasses needs Keras; run `pip install "
            "-r requirements.txt`, or use --demo=recognition"
        )
    folder = "marked" if KINDS[kind].physical else f"faces/{ATTACKER}"
    command = [
        sys.executable,
        "-m",
        "agns.attack",
        f"--kind={kind}",
        f"--attacker={ASSETS / folder}",
        f"--save_dir={output / kind}",
        f"--run_dir={output / kind / 'run'}",
        f"--steps={values.steps}",
        f"--seed={values.seed}",
        f"--threads={values.threads}",
        "--objective=probability",
        "--learning_rate=0.001",
    ]
    if KINDS[kind].takes_target:
        command.append(f"--target={TARGET}")
    code = subprocess.run(command, check=False).returncode
    if code not in (0, 1) or not (output / kind / "attack.json").exists():
        raise UserError(f"--demo={kind}: the attack ended with code {code}")


def main(arguments, values=flags.FLAGS):
    """Runs the demo; returns its exit code."""
    no_arguments(arguments)
    output = Path(values.save_dir)
    mark_folder(output, values.overwrite)
    for demo in DEMOS if values.demo == "all" else (values.demo,):
        if demo == "recognition":
            show_recognition(output, values)
        elif demo == "glasses":
            show_glasses(output, values)
        else:
            make_directory(output / demo)
            show_attack(output, values, demo)
    say(f"pictures in {output}")
    return 0


if __name__ == "__main__":
    define_flags()
    run_main(main)
