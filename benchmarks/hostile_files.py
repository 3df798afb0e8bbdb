"""Damaged and malicious image files by the thousand: what the commands do.

    python -m benchmarks.hostile_files --files 10000 --output JSON

Makes small photos of every format with everything that they can hold beside
their pixels, mutates them (bits, lengths, cuts, holes, doubled and swapped
parts) and gives each to the readers and writers of `stegastamp` and `stego`,
as their commands call them. Counted is what must not happen: an exception
that is no line for a person, a process that dies, a file that is half
written, and memory beyond --memory_limit. The mutations of a seed are always
the same; what went wrong is kept in --keep_dir to be looked at.
"""

import json
import multiprocessing
import os
import random
import resource
import sys
import tempfile
import time
from pathlib import Path

from absl import flags
from tqdm import tqdm

from benchmarks.common import define_output_flags, write_result
from benchmarks.hostile_seeds import make_seeds, mutate
from shared.command import no_arguments, run_main
from shared.errors import UserError

CHUNK = 250
MAX_PIXELS = 4_000_000


def define_flags(values=flags.FLAGS):
    """Defines the benchmark's flags."""
    flags.DEFINE_integer(
        "files", 10_000, "Mutated files.", lower_bound=1, flag_values=values
    )
    flags.DEFINE_integer("seed", 0, "Of the mutations.", flag_values=values)
    flags.DEFINE_integer(
        "memory_limit",
        700,
        "Megabytes that reading one file may take at its peak, the networks "
        f"included, where --max_pixels is {MAX_PIXELS}.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "keep_dir",
        None,
        "Where the files that fail are kept: a new or empty folder, if not "
        "--overwrite.",
        flag_values=values,
    )
    define_output_flags(values)


class Victims:
    """The commands' readers and writers, opened once."""

    def __init__(self, folder):
        from shared.outputs import Outputs
        from stegastamp import api as stamps
        from stegastamp.encode import Stamper
        from stego import api as stego

        self.folder = Path(folder)
        # Files are tried here, not stamps.
        encoder = stamps.Encoder(threads=1, effort=0)
        self.stampers = [
            Stamper(
                encoder,
                encoder.decoder,
                "fuzz",
                self.folder,
                outputs=Outputs(overwrite=True),
                format=suffix,
                check="off",
                max_pixels=MAX_PIXELS,
            )
            for suffix in ("png", "jpg", "webp", "tiff")
        ]
        self.hider = stego.Encoder(threads=1)

    def attack(self, path, index):
        """Gives one file to both packages; True if any took it."""
        from stego.encode import hide_in_file

        taken = False
        stamper = self.stampers[index % len(self.stampers)]
        for use in (
            lambda: stamper.stamp(path),
            lambda: hide_in_file(
                self.hider,
                path,
                b"fuzz",
                True,
                self.folder / "hidden.png",
                None,
                MAX_PIXELS,
                overwrite=True,
            ),
        ):
            try:
                use()
                taken = True
            except UserError as error:
                if "\n" in str(error):
                    raise AssertionError("more than one line") from error
        return taken


def peak_megabytes():
    """The process's greatest memory since the last call (Linux)."""
    status = Path("/proc/self/status").read_text()
    peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
    Path("/proc/self/clear_refs").write_text("5")
    return peak


def half_files(folder):
    """Files in a folder that are temporary or that no reader takes."""
    from shared.images import read_photo

    bad = []
    for path in sorted(Path(folder).iterdir()):
        try:
            if path.suffix == ".part":
                raise UserError("temporary")
            read_photo(path)
        except UserError:
            bad.append(path.name)
        path.unlink()
    return bad


def work(indices, seed, memory_limit, results):
    """Attacks with the mutations of `indices`; puts a dict a file."""
    # Warnings are for the person who runs a command.
    sys.stderr = open(os.devnull, "w")
    # A reader that asks for much more than it may fails at once.
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    seeds = make_seeds()
    with (
        tempfile.TemporaryDirectory() as source,
        tempfile.TemporaryDirectory() as target,
    ):
        victims = Victims(target)
        peak_megabytes()
        for index in indices:
            name, data = mutation(seeds, index, seed)
            path = Path(source) / f"{index}-{name}"
            path.write_bytes(data)
            results.put({"begun": index})
            found = {"index": index, "taken": False, "error": None}
            try:
                found["taken"] = victims.attack(path, index)
            except BaseException as error:
                found["error"] = f"{type(error).__name__}: {error}"[:300]
            found["peak"] = peak_megabytes()
            found["over"] = found["peak"] > memory_limit
            found["half"] = half_files(target)
            path.unlink()
            results.put(found)
    results.put(None)


def mutation(seeds, index, seed):
    """The file of an index: (name, bytes)."""
    generator = random.Random(f"{seed}/{index}")
    name = generator.choice(sorted(seeds))
    return name, mutate(seeds[name], generator, seeds)


def run(files, seed, memory_limit, keep_dir=None):
    """Attacks with `files` mutations.

    Returns:
        dict of counts: files, taken (read and written), refused (one line),
        tracebacks, deaths, half_files, over_memory, peak_megabytes, seconds.
    """
    context = multiprocessing.get_context("spawn")
    counts = dict.fromkeys(
        (
            "taken",
            "refused",
            "tracebacks",
            "deaths",
            "half_files",
            "over_memory",
        ),
        0,
    )
    peak, start, done = 0.0, time.perf_counter(), 0
    seeds = make_seeds()
    with tqdm(total=files, unit="file", disable=None) as bar:
        while done < files:
            results = context.Queue()
            indices = range(done, min(done + CHUNK, files))
            process = context.Process(
                target=work, args=(indices, seed, memory_limit, results)
            )
            process.start()
            begun, dead = None, False
            while True:
                try:
                    found = results.get(timeout=1)
                except multiprocessing.queues.Empty:
                    if process.is_alive():
                        continue
                    dead = True
                    break
                if found is None:
                    break
                if "begun" in found:
                    begun = found["begun"]
                    continue
                bar.update()
                done = found["index"] + 1
                peak = max(peak, found["peak"])
                bad = found["error"] or found["over"] or found["half"]
                counts["taken"] += found["taken"]
                counts["refused"] += not (found["taken"] or found["error"])
                counts["tracebacks"] += bool(found["error"])
                counts["over_memory"] += found["over"]
                counts["half_files"] += len(found["half"])
                if bad:
                    bar.write(json.dumps(found))
                    keep(seeds, found["index"], seed, keep_dir)
            process.join()
            if dead:
                counts["deaths"] += 1
                bar.write(f"died at {begun}: exit code {process.exitcode}")
                keep(seeds, begun, seed, keep_dir)
                done = (begun if begun is not None else done) + 1
    return {
        "files": files,
        "seed": seed,
        **counts,
        "peak_megabytes": round(peak),
        "seconds": round(time.perf_counter() - start),
    }


def keep(seeds, index, seed, keep_dir):
    """Writes the file of an index where it can be looked at."""
    if keep_dir and index is not None:
        Path(keep_dir).mkdir(parents=True, exist_ok=True)
        name, data = mutation(seeds, index, seed)
        (Path(keep_dir) / f"{index}-{name}").write_bytes(data)


def check_keep_dir(folder):
    """Refuses what is no new or empty folder."""
    exists = os.path.lexists(folder)
    if exists and (not os.path.isdir(folder) or os.listdir(folder)):
        raise UserError(
            f"--keep_dir={folder}: is no empty folder; name another, or "
            "--overwrite replaces files in it"
        )


def main(arguments, values=flags.FLAGS):
    """Runs the benchmark; fails if anything happened that must not."""
    no_arguments(arguments)
    if values.keep_dir and not values.overwrite:
        check_keep_dir(values.keep_dir)
    counts = run(
        values.files, values.seed, values.memory_limit, values.keep_dir
    )
    print(json.dumps(counts, indent=2))
    write_result(counts, values)
    wrong = ("tracebacks", "deaths", "half_files", "over_memory")
    return int(any(counts[name] for name in wrong))


if __name__ == "__main__":
    define_flags()
    run_main(main)
