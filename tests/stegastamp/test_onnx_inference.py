"""Both networks behind one command."""

import re
from pathlib import Path

from stegastamp import onnx_inference
from stegastamp.read_back import SPARE
from tests.stegastamp.commands import call

DATA = Path(__file__).parent / "data"


def test_onnx_inference_encodes_decodes_and_tests(model, tmp_path):
    def infer(*arguments):
        return call(
            onnx_inference,
            f"--model={model}",
            f"--save_dir={tmp_path}",
            *arguments,
        )

    photo = f"--image={DATA / 'window.jpg'}"
    code, out, err = infer("--encode", photo, "--secret=onnx")
    assert (code, err) == (0, "")
    hidden = tmp_path / "window_hidden.png"
    assert (tmp_path / "window_residual.png").exists()
    code, out, _ = infer("--decode", f"--image={hidden}")
    assert code == 0 and out.startswith(f"{hidden}: 'onnx' (corrected ")
    assert infer("--decode", photo)[0] == 1
    code, out, _ = infer("--test", photo)
    right = int(re.search(r"(\d+) of 100 bits right", out)[1])
    assert code == 0 and 100 - SPARE[0] <= right <= 100
    for arguments in ([photo], ["--encode", "--decode", photo], ["--test"]):
        code, _, err = infer(*arguments)
        assert code == 1 and err.startswith("error: ")
