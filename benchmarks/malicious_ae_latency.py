"""How long a frame takes to segment and to attack, on ONNX Runtime.

    python -m benchmarks.malicious_ae_latency --output latency.json

By stage for a photo in memory, and each network's arithmetic rate over the
machine's own best, a large float32 matrix product in this process. Times are
medians, in milliseconds. All cores are used; to use fewer, set --threads and
OMP_NUM_THREADS to the same number.
"""

import statistics
import time

import numpy as np
from absl import flags

from benchmarks.common import define_common_flags, write_result
from benchmarks.stamp_latency import measure_network
from malicious_ae import api
from malicious_ae.pictures import overlay
from shared.command import no_arguments, run_main


def measure_stages(segmenter, repeats: int) -> dict:
    """Measures what `Segmenter.segment` and the overlay are made of.

    Args:
        segmenter: api.Segmenter.
        repeats: Runs to take the medians of, after one that is not counted.

    Returns:
        Milliseconds by stage: `prepare`, `network`, `labels`, `overlay`.
    """
    random = np.random.default_rng(0)
    shape = (segmenter.height, segmenter.width, 3)
    photo = random.integers(0, 256, shape, dtype=np.uint8)
    runs = []
    for _ in range(repeats + 1):
        marks = [time.perf_counter()]
        batch = photo[None].astype(np.float32) / np.float32(255)
        marks.append(time.perf_counter())
        logits = segmenter.logits(batch)
        marks.append(time.perf_counter())
        labels = logits[0].argmax(-1).astype(np.uint8)
        marks.append(time.perf_counter())
        overlay(photo, labels, segmenter.classes)
        marks.append(time.perf_counter())
        runs.append(np.diff(marks) * 1e3)
    names = ("prepare", "network", "labels", "overlay")
    return {
        name: statistics.median(run[place] for run in runs[1:])
        for place, name in enumerate(names)
    }


def define_flags() -> None:
    """Defines this benchmark's flags."""
    flags.DEFINE_string("model", api.VICTIM, "Victim or a directory.")
    flags.DEFINE_list(
        "attackers", [api.ATTACKER], "Attackers or their directories."
    )
    flags.DEFINE_integer(
        "repeats", 15, "Runs to take each median of.", lower_bound=1
    )
    define_common_flags()


def main(arguments) -> None:
    """Runs the benchmark."""
    no_arguments(arguments)
    values = flags.FLAGS
    segmenter = api.Segmenter(values.model, values.threads)
    result = {
        "size": [segmenter.width, segmenter.height],
        "stages_ms": measure_stages(segmenter, values.repeats),
        "networks": {},
    }
    paths = {values.model: segmenter.path}
    for name in values.attackers:
        paths[name] = api.Attacker(name, values.threads).path
    for name, path in paths.items():
        each = measure_network(path, values.threads, values.repeats)
        result["networks"][str(name)] = each
        print(
            f"{name}: {each['ms']:.1f} ms a frame, {each['gflop']:.2f} GFLOP, "
            f"{each['gflops']:.1f} GFLOP/s = {each['share']:.1%} of a matrix "
            f"product's {each['matrix_gflops']:.0f}"
        )
    stages = result["stages_ms"].items()
    print(", ".join(f"{name} {ms:.1f} ms" for name, ms in stages))
    write_result(result)


if __name__ == "__main__":
    define_flags()
    run_main(main)
