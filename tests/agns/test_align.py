"""Finding and aligning faces."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agns import align
from shared.errors import UserError
from shared.images import read_photo

FACES = align.Path(align.__file__).parent / "assets" / "faces"


@pytest.fixture(scope="module")
def aligner():
    return align.Aligner()


@pytest.fixture(scope="module")
def portraits():
    """Two people side by side on gray, smaller than aligned: uint8."""
    canvas = np.full((260, 520, 3), 128, np.uint8)
    for index, name in enumerate(("Tony_Blair", "Colin_Powell")):
        path = sorted((FACES / name).iterdir())[0]
        left = 20 + 260 * index
        canvas[18:242, left : left + 224] = read_photo(path).pixels
    return canvas


@settings(deadline=None, max_examples=30)
@given(
    st.floats(-3, 3), st.floats(0.2, 5), st.floats(-90, 90), st.floats(-90, 90)
)
def test_a_similarity_is_recovered(angle, scale, right, down):
    c, s = scale * np.cos(angle), scale * np.sin(angle)
    matrix = np.array([[c, -s, right], [s, c, down]])
    points = align.CANONICAL_MARKS
    moved = points @ matrix[:, :2].T + matrix[:, 2]
    np.testing.assert_allclose(
        align.fit_similarity(points, moved), matrix, atol=1e-6
    )


def test_one_point_is_no_similarity():
    with pytest.raises(ValueError, match="two different points"):
        align.fit_similarity(np.zeros((3, 2)), np.ones((3, 2)))


def test_eyes_come_to_their_place(aligner, portraits):
    faces, centers = aligner.find(portraits)
    assert faces.shape == (2, 224, 224, 3)
    assert centers[0, 0] < 260 < centers[1, 0]
    # An aligned face aligned again stays where it is.
    for face in faces:
        (again,), _ = aligner.find(face)
        shift, _ = cv2.phaseCorrelate(
            cv2.cvtColor(face, cv2.COLOR_RGB2GRAY).astype(np.float32),
            cv2.cvtColor(again, cv2.COLOR_RGB2GRAY).astype(np.float32),
        )
        assert np.abs(shift).max() < 4


def test_the_command_keeps_faces_apart_and_lists_the_others(
    aligner, portraits, tmp_path, capsys
):
    photos = tmp_path / "photos" / "pair"
    photos.mkdir(parents=True)
    cv2.imwrite(str(photos / "two.png"), portraits[..., ::-1])
    cv2.imwrite(str(photos / "wall.png"), np.full((90, 90, 3), 99, np.uint8))
    (photos / "broken.jpg").write_bytes(b"no photo")
    values = align.flags.FlagValues()
    align.define_flags(values)
    values(
        [
            "align",
            f"--images_dir={tmp_path / 'photos'}",
            f"--save_dir={tmp_path / 'faces'}",
        ]
    )
    assert align.main([], values) == 1
    written = sorted(p.name for p in (tmp_path / "faces" / "pair").iterdir())
    assert written == ["two_1.jpg", "two_2.jpg"]
    listed = (tmp_path / "faces" / "not_found.txt").read_text()
    assert listed.split() == ["pair/wall.png"]
    out = capsys.readouterr().out
    assert "no face in 1, failed 1" in out
    # Each face, not the last one twice.
    first, second = (
        read_photo(tmp_path / "faces" / "pair" / name).pixels.astype(float)
        for name in written
    )
    assert np.abs(first - second).mean() > 10


def test_faces_and_lists_that_are_there_stay(aligner, portraits, tmp_path):
    photos, faces = tmp_path / "photos", tmp_path / "faces"
    photos.mkdir()
    faces.mkdir()
    cv2.imwrite(str(photos / "two.png"), portraits[..., ::-1])
    cv2.imwrite(str(photos / "wall.png"), np.full((90, 90, 3), 99, np.uint8))
    (faces / "two_2.jpg").write_bytes(b"mine")
    (faces / "not_found.txt").write_text("a line of an earlier run\n")
    values = align.flags.FlagValues()
    align.define_flags(values)
    values(["align", f"--images_dir={photos}", f"--save_dir={faces}"])
    for _ in range(2):
        assert align.main([], values) == 1
        # None of the photo's faces is written where one of them cannot be.
        assert sorted(p.name for p in faces.iterdir()) == [
            "not_found.txt", "two_2.jpg"
        ]  # fmt: skip
        assert (faces / "two_2.jpg").read_bytes() == b"mine"
        lines = (faces / "not_found.txt").read_text().splitlines()
        assert lines == ["a line of an earlier run", "wall.png"]
    values.overwrite = True
    assert align.main([], values) == 0
    assert (faces / "two_1.jpg").exists()
    # A photo whose face would take its own place is not lost.
    values.images_dir, values.save_dir = str(faces), str(faces)
    before = (faces / "two_1.jpg").read_bytes()
    assert align.main([], values) == 1
    assert (faces / "two_1.jpg").read_bytes() == before


def test_the_central_face_alone(portraits, aligner):
    faces, centers = aligner.find(portraits)
    kept = align.most_central(faces, centers, (260, 300, 3))
    np.testing.assert_array_equal(kept, faces[:1])


def test_a_chip_is_dlibs(portraits, aligner):
    other = align.Aligner(size=150, pose="chip")
    faces, _ = other.find(portraits)
    assert faces.shape == (2, 150, 150, 3)


def test_a_missing_predictor_says_how_to_get_one(tmp_path, monkeypatch):
    with pytest.raises(UserError, match="--predictor: .*no such file"):
        align.Aligner(tmp_path / "none.dat")
    (tmp_path / "bad.dat").write_bytes(b"not a predictor")
    with pytest.raises(UserError, match="no shape predictor"):
        align.Aligner(tmp_path / "bad.dat")
    monkeypatch.setattr(align.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match="pip install face_recognition_models"):
        align.find_predictor()


def test_folders_without_photos_are_refused(tmp_path):
    with pytest.raises(UserError, match="no such directory"):
        align.find_files(tmp_path / "none")
    with pytest.raises(UserError, match="holds no photos"):
        align.find_files(tmp_path)
