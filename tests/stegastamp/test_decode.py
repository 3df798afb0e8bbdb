"""The command that reads; what it finds is in test_encode.py."""

import json
from pathlib import Path

from stegastamp import decode
from tests.stegastamp.commands import call

DATA = Path(__file__).parent / "data"


def test_unmarked_photos_are_said_to_be_so(model):
    command = (decode, f"--model={model}", f"--image={DATA / 'face.jpg'}")
    code, out, err = call(*command)
    assert (code, err) == (1, "")
    assert out == f"{DATA / 'face.jpg'}: no message found\n"
    code, out, _ = call(*command, "--json")
    assert code == 1
    record = json.loads(out)
    assert record["message"] is None and record["corrected_bits"] is None
