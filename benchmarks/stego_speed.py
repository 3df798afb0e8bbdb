"""Training steps a second, and milliseconds a megapixel of hiding and reading.

    python -m benchmarks.stego_speed --output speed.json
    KERAS_BACKEND=jax python -m benchmarks.stego_speed --training_only

Training: each preset's game on one batch of drawn tiles that lies ready, and
on photos if --images_dir is given; the difference is what loading costs.
Compilation is not counted. Use: one photo of a megapixel, filled to its last
byte, with the shipped weights on ONNX Runtime; the median of three.
"""

import statistics
import time

import numpy as np
from absl import flags

from benchmarks.common import write_result
from benchmarks.training import (
    STEPS_PER_EPOCH,
    define_training_flags,
    measure_training,
    start,
)
from shared.command import no_arguments, run_main
from shared.photo_folders import load_folders
from stego.data import TileBatches
from stego.game import StegoGame, build_rules
from stego.presets import PRESETS

SIDES = (1000, 1024)


def measure_preset(preset: str, photos) -> dict:
    """Trains a preset for some time; see `measure_training`.

    Args:
        preset: Key of `stego.presets.PRESETS`.
        photos: uint8 RGB arrays.
    """
    settings = PRESETS[preset]
    batches = TileBatches(
        photos,
        settings["output_size"],
        settings["msg_len"],
        settings["batch_size"],
        settings["crop"],
        STEPS_PER_EPOCH,
        0,
    )

    def build(jit_compile):
        game = StegoGame(build_rules(settings), settings["learning_rate"])
        game.compile(jit_compile=jit_compile)
        return game

    return measure_training(build, batches)


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


def define_flags() -> None:
    """Defines this benchmark's flags."""
    define_training_flags()
    flags.DEFINE_string("images_dir", None, "Photos; default: drawn ones.")
    flags.DEFINE_multi_enum(
        "presets", list(PRESETS), list(PRESETS), "What to train."
    )
    flags.DEFINE_bool("training_only", False, "Leave hiding and reading out.")


def main(arguments) -> None:
    """Runs the benchmark."""
    no_arguments(arguments)
    values = flags.FLAGS
    result = start() | {"training": {}}
    if values.images_dir:
        photos = load_folders([values.images_dir])
    else:
        rng = np.random.default_rng(0)
        photos = list(rng.integers(0, 256, (8, 128, 160, 3), dtype=np.uint8))
    for preset in values.presets:
        print(f"preset {preset}:", flush=True)
        result["training"][preset] = measure_preset(preset, photos)
    if not values.training_only:
        result["use"] = measure_use(values.threads)
        print(
            "a megapixel: {encode_ms:.0f} ms ({encode_cpu_ms:.0f} of "
            "processor) to hide {bytes} bytes and check them, {decode_ms:.0f} "
            "ms ({decode_cpu_ms:.0f}) to read".format(**result["use"])
        )
    write_result(result)


if __name__ == "__main__":
    define_flags()
    run_main(main)
