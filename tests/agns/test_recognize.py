"""A photo that is not aligned is warned of, a stranger is unknown."""

import json

import cv2
import numpy as np
import pytest

from agns import recognize
from tests.agns.faces import as_in_a_photo, shipped_faces
from tests.stegastamp.commands import call


@pytest.fixture(scope="module")
def faces():
    return shipped_faces()


def test_a_photo_that_is_not_aligned_gets_a_warning(faces, tmp_path):
    for name, picture in (("good", faces[0]), ("bad", as_in_a_photo(faces[0]))):
        cv2.imwrite(str(tmp_path / f"{name}.png"), picture[..., ::-1])
    flags = (f"--images_dir={tmp_path}", "--threads=1")
    code, out, err = call(recognize, *flags, "--json")
    assert code == 0
    bad, good = map(json.loads, out.splitlines())
    assert (bad["aligned"], good["aligned"]) == (False, True)
    assert err.startswith("warning: ") and err.count("\n") == 1
    assert "bad.png" in err and "--align" in err
    code, out, err = call(recognize, *flags)
    assert "2 of 2 photos read, 1 of them not aligned" in out


def test_a_stranger_is_unknown(faces, tmp_path):
    path = tmp_path / "face.png"
    cv2.imwrite(str(path), faces[0][..., ::-1])
    noise = tmp_path / "noise.png"
    random = np.random.default_rng(0)
    cv2.imwrite(str(noise), random.integers(0, 256, (250, 250, 3), np.uint8))

    def ask(image, *flags):
        code, out, _ = call(
            recognize, f"--image={image}", "--json", "--threads=1", *flags
        )
        assert code == 0
        return json.loads(out)

    known = ask(path)
    assert known["name"] == known["likeliest"] != "unknown"
    assert known["notes"] == []
    pages = tmp_path / "pages.tiff"
    cv2.imwritemulti(str(pages), [face[..., ::-1] for face in faces[:2]])
    paged = ask(pages)
    assert paged["notes"] == ["only the first of 2 pages is taken"]
    assert paged["name"] == known["name"]
    nobody = ask(noise)
    assert nobody["name"] == "unknown" and nobody["probability"] < 0.9
    # A name is always given where that is asked for.
    assert ask(noise, "--threshold=0")["name"] == nobody["likeliest"]
    assert ask(path, "--threshold=1")["name"] == "unknown"
    _, out, _ = call(recognize, f"--image={noise}", "--threads=1")
    assert f": unknown {nobody['probability']:.3f} (most like " in out
