"""Aligned faces pass, photos that are not aligned get a warning."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from agns import api, fit_pose_check, recognize
from agns.align import find_files
from agns.frames import load_mask, wear
from agns.people import load_faces
from agns.pose_check import FEATURES, PoseCheck, edge_features
from tests.stegastamp.commands import call

FACES = Path(api.__file__).parent / "assets" / "faces"


@pytest.fixture(scope="module")
def faces():
    return load_faces(find_files(FACES)[0])


def as_in_a_photo(face):
    """A face where a camera finds it: in the middle, of half the size."""
    photo = np.full_like(face, 90)
    photo[56:168, 56:168] = cv2.resize(face, (112, 112))
    return photo


def turned(face):
    return np.ascontiguousarray(np.rot90(face))


def moved(face):
    return np.roll(face, 40, axis=0)


def test_aligned_faces_pass_with_and_without_glasses(faces):
    check = PoseCheck()
    assert np.mean(check.scores(faces) > 0) >= 0.97
    glasses = api.Generator().glasses(len(faces))
    worn = wear(glasses, faces / np.float32(255), load_mask())
    worn = np.rint(255 * worn).astype(np.uint8)
    assert np.mean(check.scores(worn) > 0) >= 0.97


@pytest.mark.parametrize("change", [as_in_a_photo, turned, moved])
def test_faces_elsewhere_in_the_picture_are_seen(faces, change):
    scores = PoseCheck().scores(np.stack([change(face) for face in faces]))
    assert np.mean(scores <= 0) >= 0.95


def test_pictures_without_a_face_are_seen():
    random = np.random.default_rng(0)
    noise = random.integers(0, 256, (20, 224, 224, 3), np.uint8)
    flat = np.full((1, 224, 224, 3), 120, np.uint8)
    assert (PoseCheck().scores(np.concatenate([noise, flat])) <= 0).all()


def test_features_are_shares_of_edges_by_place_and_direction():
    picture = np.zeros((56, 56, 3), np.uint8)
    picture[:, 28:] = 200  # an upright edge: its slope goes across
    features = edge_features(picture).reshape(14, 14, 8)
    assert features.size == FEATURES
    assert np.sum(features**2) == pytest.approx(1.0, abs=1e-5)
    assert (features[:, [6, 7]].sum(axis=(1, 2)) > 0).all()
    assert features[:, :5].max() == features[:, 9:].max() == 0
    assert features[..., 1:].max() < 1e-3
    np.testing.assert_allclose(
        edge_features(255 - picture), features.ravel(), atol=1e-4
    )


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


def test_what_is_learned_from_folders_tells_them_apart(faces, tmp_path):
    """Not as well as the weights that ship: from few faces."""
    for kind, change in (("right", np.asarray), ("wrong", as_in_a_photo)):
        for number, face in enumerate(faces):
            path = tmp_path / kind / f"{number % 6}" / f"{number}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), change(face)[..., ::-1])
    output = tmp_path / "check.npz"
    output.write_text("mine")
    command = (
        fit_pose_check,
        f"--aligned_dir={tmp_path / 'right'}",
        f"--photos_dir={tmp_path / 'wrong'}",
        f"--output={output}",
    )
    code, _, err = call(*command)
    assert code == 1 and "check.npz: exists" in err and "--overwrite" in err
    assert output.read_text() == "mine"
    code, out, err = call(*command, "--overwrite")
    assert (code, err) == (None, "")
    _, right, wrong = out.splitlines()
    assert int(right.split("for ")[1].split()[0]) <= 6
    assert int(wrong.split("for ")[1].split()[0]) >= 22
    assert "of 24" in right and "of 24" in wrong
    assert PoseCheck(output).scores(faces).shape == (48,)
