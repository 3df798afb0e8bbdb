"""How long hiding and reading a message takes, and where the time goes.

    python -m benchmarks.stamp_latency --output latency.json

Measures, on two sizes of photo: encode and decode by stage; each network's
arithmetic rate over the machine's own best, which is a large float32 matrix
product of NumPy in this process; and, from the command line to the first
result, the commands `stegastamp.encode` and `stegastamp.decode`. Times are
medians, in milliseconds. All cores are used; to use fewer, set --threads and
OMP_NUM_THREADS to the same number.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np
import onnx
from absl import flags

import stegastamp
from benchmarks.common import (
    define_common_flags,
    measure_matrix_product,
    write_result,
)
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.images import Photo, read_photo, write_photo
from shared.outputs import Outputs
from shared.runtime import open_session
from stegastamp.api import Timings, find_stamp_model
from stegastamp.encode import Stamper

ROOT = Path(__file__).resolve().parents[1]
SECRET = "Stega!!"


def _shape(info):
    return [d.dim_value for d in info.type.tensor_type.shape.dim]


def count_flops(path) -> int:
    """Counts the operations of one image through an ONNX network.

    Args:
        path: ONNX file; its batch size may be free.

    Returns:
        Two (a product and a sum) for each weight that meets a value, in
        convolutions and matrix products; the rest is not counted.
    """
    model = onnx.load(path)
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 1
    # What was inferred for a free batch size would stand in the way.
    del model.graph.value_info[:]
    graph = onnx.shape_inference.infer_shapes(model).graph
    known = (*graph.value_info, *graph.output)
    shapes = {value.name: _shape(value) for value in known}
    shapes |= {each.name: list(each.dims) for each in graph.initializer}
    total = 0
    for node in graph.node:
        if node.op_type not in ("Conv", "MatMul", "Gemm"):
            continue
        output = int(np.prod(shapes[node.output[0]]))
        weights = int(np.prod(shapes[node.input[1]]))
        # Each output value is a sum over the weights of its own channel.
        axis = 0 if node.op_type == "Conv" else -1
        channels = shapes[node.input[1]][axis]
        if any(a.name == "transB" and a.i for a in node.attribute):
            channels = shapes[node.input[1]][0]
        total += 2 * output * weights // channels
    return total


def _median_ms(function, repeats: int) -> float:
    """Median milliseconds of a call; the first call is not counted."""
    function()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        function()
        times.append(time.perf_counter() - start)
    return 1e3 * statistics.median(times)


def measure_network(path, threads: int, repeats: int) -> dict:
    """Measures one network on one image.

    Args:
        path: ONNX file.
        threads: Threads of ONNX Runtime; 0 takes every core.
        repeats: Calls to take the median of.

    Returns:
        `ms`, `gflop`, `gflops` (per second), the machine's `matrix_gflops`
        measured right after, and the `share` of it.
    """
    session = open_session(path, threads)
    random = np.random.default_rng(0)
    inputs = {
        each.name: random.random((1, *each.shape[1:]), np.float32)
        for each in session.get_inputs()
    }
    ms = _median_ms(lambda: session.run(None, inputs), repeats)
    flops, best = count_flops(path), measure_matrix_product()
    return {
        "ms": ms,
        "gflop": flops / 1e9,
        "gflops": flops / ms / 1e6,
        "matrix_gflops": best / 1e9,
        "share": flops / ms * 1e3 / best,
    }


def _medians(runs: list) -> dict:
    stages = {k: 1e3 * statistics.median(r[k] for r in runs) for k in runs[0]}
    return stages | {"total": sum(stages.values())}


def measure_photo(stamper, decoder, path, repeats: int) -> dict:
    """Measures encode and decode of a photo file by stage.

    Args:
        stamper: stegastamp.encode.Stamper.
        decoder: stegastamp.Decoder.
        path: Photo file.
        repeats: Runs to take the medians of, after one that is not counted.

    Returns:
        `encode` and `decode`: milliseconds by stage and in total; `message`:
        what was read.
    """
    encodes, decodes = [], []
    for _ in range(repeats + 1):
        target, timings = stamper.stamp(path)
        encodes.append(timings)
        timings = Timings()
        with timings.stage("read"):
            photo = read_photo(target)
        found = decoder.decode(photo.array, timings=timings)
        decodes.append(timings)
    return {
        "encode": _medians(encodes[1:]),
        "decode": _medians(decodes[1:]),
        "message": found.message if found else None,
    }


def measure_commands(model, path, save_dir, repeats: int) -> dict:
    """Measures the two commands from their start to their end.

    Args:
        model: Value of --model.
        path: Photo file.
        save_dir: Folder for the results.
        repeats: Runs to take the medians of, after one that is not counted.

    Returns:
        Milliseconds of `encode` and `decode` of one photo.
    """
    environment = os.environ | {"PYTHONPATH": str(ROOT)}

    def run(command, *arguments):
        line = [sys.executable, "-m", f"stegastamp.{command}", *arguments]
        line += ["--model", str(model)]
        done = subprocess.run(
            line, env=environment, capture_output=True, text=True
        )
        # A poor model may not read its own message, which takes no less time.
        if done.returncode and "no message found" not in done.stdout:
            raise UserError(f"stegastamp.{command}: {done.stderr.strip()}")

    stamped = Path(save_dir) / f"{Path(path).stem}_hidden.png"
    encode = ["--image", str(path), "--save_dir", str(save_dir)]
    encode += ["--secret", SECRET, "--check", "warn", "--overwrite"]
    return {
        "encode": _median_ms(lambda: run("encode", *encode), repeats),
        "decode": _median_ms(
            lambda: run("decode", "--image", str(stamped)), repeats
        ),
    }


def export_encoder(side: int, path) -> None:
    """Writes an untrained encoder of another size, to be timed.

    Args:
        side: Its height and width in pixels.
        path: ONNX file to write.
    """
    # In a process of its own: TensorFlow's threads must not take part.
    script = (
        "import sys; from shared.export import export_onnx; "
        "from stegastamp.networks import build_encoder; side = "
        "int(sys.argv[1]); export_onnx(build_encoder(side, side, 100), "
        "sys.argv[2])"
    )
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "KERAS_BACKEND": "tensorflow",
    }
    subprocess.run(
        [sys.executable, "-c", script, str(side), str(path)],
        env=environment,
        check=True,
        capture_output=True,
    )


def define_flags() -> None:
    """Defines this benchmark's flags."""
    flags.DEFINE_string("model", "small", "Shipped model or a directory.")
    flags.DEFINE_string(
        "image",
        str(ROOT / "stegastamp" / "assets" / "macaws.jpg"),
        "Photo to resize to each of --photo_sizes.",
    )
    flags.DEFINE_list(
        "photo_sizes", ["768x512", "4000x3000"], "WIDTHxHEIGHT of the photos."
    )
    flags.DEFINE_integer(
        "encoder_size",
        400,
        "Also time an untrained encoder of this many pixels a side; 0: none.",
        lower_bound=0,
    )
    flags.DEFINE_integer(
        "repeats", 15, "Runs to take each median of.", lower_bound=1
    )
    define_common_flags()


def _resized(photo, size: str) -> Photo:
    try:
        width, height = map(int, size.split("x"))
    except ValueError:
        raise UserError(
            f"--photo_sizes: {size!r} is not WIDTHxHEIGHT, such as 768x512"
        ) from None
    return Photo(
        cv2.resize(photo.pixels, (width, height), interpolation=cv2.INTER_CUBIC)
    )


def main(arguments) -> None:
    """Runs the benchmark."""
    no_arguments(arguments)
    values = flags.FLAGS
    repeats = values.repeats
    model = find_stamp_model(values.model)
    photo = read_photo(values.image)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        paths = {}
        for size in values.photo_sizes:
            paths[size] = folder / f"{size}.jpg"
            write_photo(paths[size], _resized(photo, size))
        networks = {
            role: model / f"{role}.onnx" for role in ("encoder", "decoder")
        }
        if values.encoder_size:
            name = f"encoder, untrained, {values.encoder_size} px"
            networks[name] = folder / "encoder.onnx"
            export_encoder(values.encoder_size, networks[name])
        stamper = Stamper(
            stegastamp.Encoder(values.model, values.threads),
            None,
            SECRET,
            folder,
            outputs=Outputs(overwrite=True),
            check="off",
        )
        decoder = stegastamp.Decoder(values.model, values.threads)
        result = {
            "cores": os.cpu_count(),
            "threads": values.threads,
            "photos": {
                size: measure_photo(stamper, decoder, path, repeats)
                for size, path in paths.items()
            },
            "networks": {
                name: measure_network(path, values.threads, repeats)
                for name, path in networks.items()
            },
            "commands": {
                size: measure_commands(
                    model, path, folder, max(1, repeats // 3)
                )
                for size, path in paths.items()
            },
        }
    for size, each in result["photos"].items():
        for verb in ("encode", "decode"):
            stages = "  ".join(f"{k} {v:.1f}" for k, v in each[verb].items())
            print(f"{size} {verb} (ms): {stages}")
    for name, each in result["networks"].items():
        print(
            f"{name}: {each['ms']:.1f} ms, {each['gflops']:.0f} GFLOP/s, "
            f"{each['share']:.0%} of a matrix product's"
        )
    for size, each in result["commands"].items():
        print(
            f"{size} from command to result (ms): encode "
            f"{each['encode']:.0f}, decode {each['decode']:.0f}"
        )
    write_result(result)


if __name__ == "__main__":
    define_flags()
    run_main(main)
