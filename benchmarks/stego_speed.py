"""Training steps a second, and milliseconds a megapixel of hiding and reading.

    python -m benchmarks.stego_speed --output speed.json
    KERAS_BACKEND=jax python -m benchmarks.stego_speed --training_only

Training: each preset's game on one batch of drawn tiles that lies ready, and
on photos if --images_dir is given; the difference is what loading costs.
Compilation is not counted. Use: one photo of a megapixel, filled to its last
byte, with the shipped weights on ONNX Runtime; the median of three.
"""

import json
import os
import statistics
import time

import keras
import numpy as np
from absl import flags

from benchmarks.training_speed import STEPS_PER_EPOCH, ReadyBatch, measure
from shared.errors import no_arguments, run_main
from shared.images import write_bytes
from shared.training import limit_threads
from stego.data import TileBatches, load_photos
from stego.game import StegoGame
from stego.presets import PRESETS
from stego.train import build_rules

SIDES = (1000, 1024)


def measure_training(preset: str, photos, seconds: float, jit: bool) -> dict:
    """Trains a preset for some time.

    Args:
        preset: Key of `stego.presets.PRESETS`.
        photos: uint8 RGB arrays.
        seconds: How long each of the two trainings takes.
        jit: Whether XLA compiles the step.

    Returns:
        `steps_per_second` on tiles as they are cut, `ready_steps_per_second`
        on one batch, `data_wait`, the share of a step that cutting adds.
    """
    keras.backend.clear_session()
    settings = PRESETS[preset]
    game = StegoGame(build_rules(settings), 0, settings["learning_rate"])
    game.compile(jit_compile=jit)
    batches = TileBatches(
        photos,
        settings["output_size"],
        settings["msg_len"],
        settings["batch_size"],
        settings["crop"],
        STEPS_PER_EPOCH,
        0,
    )
    loading = measure(game, batches, seconds)
    ready = measure(game, ReadyBatch(batches[0]), seconds)
    return {
        "steps_per_second": 1 / loading,
        "ready_steps_per_second": 1 / ready,
        "data_wait": max(0.0, 1 - ready / loading),
    }


def measure_use(threads: int, repeats: int = 3) -> dict:
    """Hides and reads a full message in a drawn photo of a megapixel.

    Args:
        threads: Of ONNX Runtime; 0 takes every core.
        repeats: Of which the median counts.

    Returns:
        `encode_ms` (with its check by reading) and `decode_ms` a megapixel,
        `encode_cpu_ms` and `decode_cpu_ms`, what processors spent on them,
        and `bytes`, the message's length.
    """
    from stego import Encoder

    rng = np.random.default_rng(0)
    small = rng.normal(128, 40, (SIDES[0] // 8, SIDES[1] // 8, 3))
    photo = np.kron(small, np.ones((8, 8, 1))) + rng.normal(0, 4, (*SIDES, 3))
    photo = np.clip(np.rint(photo), 0, 255).astype(np.uint8)
    encoder = Encoder(threads=threads)
    data = rng.bytes(encoder.capacity(photo))
    spent = {}
    for _ in range(repeats):
        marks = [(time.perf_counter(), time.process_time())]
        hidden = encoder.encode(photo, data, is_text=False).image
        marks.append((time.perf_counter(), time.process_time()))
        encoder.decoder.decode(hidden)
        marks.append((time.perf_counter(), time.process_time()))
        for name, before, after in zip(
            ("encode", "decode"), marks, marks[1:], strict=False
        ):
            for clock, unit in enumerate(("ms", "cpu_ms")):
                taken = spent.setdefault(f"{name}_{unit}", [])
                taken.append(after[clock] - before[clock])
    scale = 1e9 / (SIDES[0] * SIDES[1])
    return {
        **{k: statistics.median(v) * scale for k, v in spent.items()},
        "bytes": len(data),
    }


def main(argv) -> None:
    no_arguments(argv)
    values = flags.FLAGS
    limit_threads(values.threads)
    if values.images_dir:
        photos = load_photos([values.images_dir])
    else:
        rng = np.random.default_rng(0)
        photos = list(rng.integers(0, 256, (8, 128, 160, 3), dtype=np.uint8))
    backend = keras.backend.backend()
    results = {"backend": backend, "cpus": os.cpu_count(), "training": {}}
    for preset in values.presets:
        found = measure_training(
            preset, photos, values.seconds, values.jit_compile
        )
        results["training"][preset] = found
        print(
            f"{preset} on {backend}: {found['steps_per_second']:.2f} steps/s, "
            f"{100 * found['data_wait']:.0f} % of a step waits for tiles"
        )
    if not values.training_only:
        results["use"] = measure_use(values.threads)
        print(
            "a megapixel: {encode_ms:.0f} ms ({encode_cpu_ms:.0f} of "
            "processor) to hide {bytes} bytes and check them, {decode_ms:.0f} "
            "ms ({decode_cpu_ms:.0f}) to read".format(**results["use"])
        )
    if values.output:
        text = json.dumps(results, indent=2) + "\n"
        write_bytes(values.output, text.encode())


def define_flags() -> None:
    """Defines the command's flags."""
    flags.DEFINE_string("images_dir", None, "Photos; default: drawn ones.")
    flags.DEFINE_multi_enum(
        "presets", list(PRESETS), list(PRESETS), "What to train."
    )
    flags.DEFINE_float("seconds", 10.0, "How long each training takes.")
    flags.DEFINE_bool(
        "jit_compile",
        keras.backend.backend() == "jax",
        "Compile the step with XLA.",
    )
    flags.DEFINE_bool("training_only", False, "Leave hiding and reading out.")
    flags.DEFINE_integer("threads", 0, "CPU threads; 0 means all of them.")
    flags.DEFINE_string("output", None, "JSON file for the results.")


if __name__ == "__main__":
    define_flags()
    run_main(main)
