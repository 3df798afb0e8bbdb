"""Builds the wheel of a fresh clone, installs it, and uses it elsewhere.

    python tests/wheel_smoke.py python3.11 python3.13
    python tests/wheel_smoke.py --oldest python3.11

Each interpreter gets an empty environment with the wheel and what it asks for,
no more, and hides a message in a photo and reads it back from a folder that
is not ours. Only what is committed is packed. `--oldest` installs the oldest
versions that pyproject.toml allows. Needs nothing but Python and git.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
LARGEST = 45_000_000
SECRET = "Stega!!"
# What an installed package says of itself: where it lies, its version, and
# whether a training framework came along.
PROBE = """
import importlib.util
import sys
import agns, dcgan, malicious_ae, stegastamp, stego
from stegastamp import Decoder, Encoder
packages = (agns, dcgan, malicious_ae, stegastamp, stego)
print(stegastamp.__file__)
print(*{package.__version__ for package in packages})
print(importlib.util.find_spec("keras"))
"""


def run(*command, cwd):
    """What a command prints.

    Raises:
        SystemExit: with all that it said, if it fails.
    """
    # Neither our folder nor the user's packages may lend a module.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("PYTHON")
    }
    done = subprocess.run(
        list(map(str, command)),
        cwd=cwd,
        env=environment | {"PYTHONNOUSERSITE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    if done.returncode:
        sys.exit(f"error: {' '.join(map(str, command))}:\n{done.stdout}")
    return done.stdout


def check(holds, what):
    """Ends the script, saying what is wrong, unless something holds."""
    if not holds:
        sys.exit(f"error: {what}")


def build_wheel(python, folder):
    """The wheel of a clone of this repository, made by an interpreter."""
    clone = folder / "clone"
    run("git", "clone", "--quiet", ROOT, clone, cwd=folder)
    pip = [python, "-m", "pip", "-q", "--disable-pip-version-check"]
    run(*pip, "wheel", "--no-deps", "-w", folder, clone, cwd=folder)
    (wheel,) = folder.glob("*.whl")
    return wheel


def check_wheel(wheel):
    """Looks at what a wheel holds, and at its size."""
    names = zipfile.ZipFile(wheel).namelist()
    size = wheel.stat().st_size
    check(size < LARGEST, f"{wheel.name} has {size} bytes")
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    packages = {
        "agns",
        "dcgan",
        "malicious_ae",
        "shared",
        "stegastamp",
        "stego",
    }
    check(tops == packages, f"{wheel.name} holds {sorted(tops)}")
    check(not any(name.endswith(".h5") for name in names), "it holds .h5")
    for package in packages:
        check(f"{package}/py.typed" in names, f"no {package}/py.typed")
    print(f"{wheel.name}: {size / 1e6:.1f} MB")


def oldest_versions():
    """Constraints for pip: each dependency at its lower bound."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    for wanted in project["project"]["dependencies"]:
        # opencv-python-headless counts on: 4.11 is 4.11.0.86.
        yield wanted.partition(",")[0].replace(">=", "==") + ".*"


def use(python, wheel, folder, oldest):
    """Installs a wheel in an empty environment, and uses what it brings."""
    print(run(python, "--version", cwd=folder).strip(), end=": ", flush=True)
    run(python, "-m", "venv", folder / "env", cwd=folder)
    programs = folder / "env" / ("Scripts" if os.name == "nt" else "bin")
    constraints = folder / "constraints.txt"
    constraints.write_text("\n".join(oldest_versions() if oldest else ()))
    pip = [programs / "python", "-m", "pip", "-q"]
    wanted = ["install", "--disable-pip-version-check", wheel]
    run(*pip, *wanted, "-c", constraints, cwd=folder)
    run(*pip, "check", cwd=folder)

    probed = run(programs / "python", "-c", PROBE, cwd=folder).splitlines()
    where, version, keras = probed
    check(Path(where).is_relative_to(folder / "env"), f"imported {where}")
    check(f"-{version}-" in wheel.name, f"{wheel.name} calls itself {version}")
    check(keras == "None", "Keras came along")
    for name in ("stegastamp", "stego", "dcgan", "malicious-ae", "agns"):
        run(programs / name, "--help", cwd=folder)

    listed = run(programs / "stegastamp", "encode", "--help", cwd=folder)
    check("--secret" in listed, "--help lists no flags of ours")
    check("--alsologtostderr" not in listed, "--help lists absl's flags")

    photo = Path(where).parent / "assets" / "macaws.jpg"
    stamp = [programs / "stegastamp", "encode", "--secret", SECRET]
    run(*stamp, "--image", photo, "--save_dir", folder / "out", cwd=folder)
    hidden = folder / "out" / "macaws_hidden.png"
    read = run(programs / "stegastamp", "decode", "--image", hidden, cwd=folder)
    check(SECRET in read, f"read {read!r}")
    drawn = ["--count", "4", "--output", "digits.png"]
    run(programs / "dcgan", "generate", *drawn, cwd=folder)
    print(f"installed {version}, hid and read a message")


def main():
    """Builds, looks, and uses; the first thing that is wrong ends it."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("pythons", nargs="+", help="Interpreters to use it on.")
    parser.add_argument(
        "--oldest",
        action="store_true",
        help="Install the oldest versions that pyproject.toml allows.",
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder).resolve()
        wheel = build_wheel(options.pythons[0], folder)
        check_wheel(wheel)
        for number, python in enumerate(options.pythons):
            place = folder / str(number)
            place.mkdir()
            use(python, wheel, place, options.oldest)


if __name__ == "__main__":
    main()
