"""The directory of a run: its configuration, its checkpoints, its way back."""

import json
import os
import pathlib
import re
import shutil
import sys

from shared.errors import UserError

CHECKPOINTS = "checkpoints"
CONFIG = "config.json"
METRICS = "metrics.csv"
SET_ASIDE = "set_aside"
KEEP = 2
GAME = "game.weights.h5"
_STEP = re.compile(r"step-(\d+)")


def open_run(
    run_dir,
    fixed: dict,
    *,
    flexible=None,
    flag="run_dir",
    earlier=None,
    resume_from=None,
) -> pathlib.Path:
    """Makes a run directory, or opens it again for the same configuration.

    Writes the configuration and the exact command beside the weights.

    Args:
        run_dir: The directory.
        fixed: JSON values which may not change when a run goes on.
        flexible: JSON values which may; the present ones are written.
        flag: Name of the flag that names the directory.
        earlier: Callable from the configuration of a run to it with what runs
            begun by earlier versions do not state; None where there is none.
        resume_from: Step of the checkpoint to go back to, or None.

    Returns:
        The directory.

    Raises:
        UserError: If the directory holds a run of another configuration, or
            not the checkpoint that is asked for.
    """
    run_dir = pathlib.Path(run_dir)
    if resume_from is not None:
        find_checkpoint(run_dir, resume_from)
    fixed, flexible = json.loads(json.dumps([fixed, flexible or {}]))
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        path = run_dir / CONFIG
        before = {}
        if path.exists():
            before = json.loads(path.read_text())
            stated = earlier(before) if earlier else before
            changed = sorted(
                key
                for key in stated.keys() - flexible.keys()
                if stated[key] != fixed.get(key)
            )
            if changed:
                raise UserError(
                    f"--{flag}: {run_dir} holds a run with another "
                    f"{', '.join(changed)}; name a new directory"
                )
        if before != fixed | flexible:
            write_text(path, json.dumps(fixed | flexible, indent=2) + "\n")
        with open(
            run_dir / "command.txt",
            "a",
            encoding="utf-8",
            errors="backslashreplace",
        ) as file:
            file.write(" ".join(sys.orig_argv[1:]) + "\n")
        aside = resume_from is not None and go_back(run_dir, resume_from)
    except OSError as error:
        raise UserError(f"--{flag}: {run_dir}: {error.strerror}") from error
    if aside:
        print(f"back at step {resume_from}; what came after it lies in {aside}")
    return run_dir


def write_text(path: pathlib.Path, text: str) -> None:
    """Writes a file whole or not at all."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(text)
    os.replace(temporary, path)


def latest_checkpoint(run_dir: pathlib.Path) -> pathlib.Path | None:
    """Returns the newest complete checkpoint of a run, if there is one."""
    found = checkpoints(run_dir)
    return found[-1] if found else None


def checkpoints(run_dir) -> list[pathlib.Path]:
    """A run's complete checkpoints, the newest last."""
    return sorted((run_dir / CHECKPOINTS).glob("step-*"), key=_step_of)


def _step_of(path) -> int:
    """The step that a file's or folder's name bears; -1 if it bears none."""
    found = _STEP.match(path.name)
    return int(found[1]) if found else -1


def find_checkpoint(run_dir: pathlib.Path, step: int) -> pathlib.Path:
    """Returns the checkpoint of a step.

    Raises:
        UserError: If it is not kept, naming those that are.
    """
    kept = {_step_of(path): path for path in checkpoints(run_dir)}
    if step in kept:
        return kept[step]
    if not kept:
        raise UserError(
            f"--resume_from={step}: {run_dir} holds no checkpoints; leave the "
            "flag out to begin a run"
        )
    raise UserError(
        f"--resume_from={step}: {run_dir} keeps no checkpoint of that step; "
        f"kept: {', '.join(map(str, kept))} (--keep_checkpoints keeps more)"
    )


def go_back(run_dir: pathlib.Path, step: int) -> pathlib.Path | None:
    """Makes the checkpoint of a step the newest one of a run.

    What the run wrote afterwards is moved to a new folder below `set_aside`,
    in which it lies as it did in the run: whatever is named by a later step,
    and the networks' weights, whose place those of the checkpoint take. The
    metrics are copied there; `trim_csv` cuts the run's own.

    Args:
        run_dir: The run directory.
        step: Step of the checkpoint.

    Returns:
        The new folder; None if the checkpoint is the newest one already.

    Raises:
        UserError: If the checkpoint is not kept.
    """
    checkpoint = find_checkpoint(run_dir, step)
    if checkpoint == latest_checkpoint(run_dir):
        return None
    parent = run_dir / SET_ASIDE
    parent.mkdir(exist_ok=True)
    aside = parent / str(1 + sum(1 for _ in parent.iterdir()))
    later = [
        path
        for path in sorted(run_dir.rglob("step-*"))
        if _step_of(path) > step and parent not in path.parents
    ]
    saved = network_files(checkpoint)
    if saved:
        later += network_files(run_dir)
    for path in later:
        target = aside / path.relative_to(run_dir)
        target.parent.mkdir(parents=True, exist_ok=True)
        os.replace(path, target)
    if (run_dir / METRICS).exists():
        shutil.copy2(run_dir / METRICS, aside / METRICS)
    for path in saved:
        place(path, run_dir / path.name)
    return aside


def network_files(folder: pathlib.Path) -> list[pathlib.Path]:
    """The networks' weights in a run directory or a checkpoint."""
    return [
        path
        for path in sorted(folder.glob("*.weights.h5"))
        if path.name != GAME and ".partial." not in path.name
    ]


def place(source: pathlib.Path, target: pathlib.Path) -> None:
    """Gives weights a second name, whole or not at all.

    Where the file system can, no second copy: weights are only ever replaced
    by renaming, so neither name changes what the other holds.
    """
    partial = target.with_name(target.name + ".partial")
    partial.unlink(missing_ok=True)
    try:
        os.link(source, partial)
    except OSError:
        shutil.copyfile(source, partial)
    os.replace(partial, target)


def trim_csv(path: pathlib.Path, epochs: int) -> None:
    """Drops the rows of epochs that a resumed run will write again."""
    if path.exists():
        lines = path.read_text().splitlines(keepends=True)
        write_text(path, "".join(lines[: epochs + 1]))
