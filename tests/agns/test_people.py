"""Who is held out, and what folders are refused."""

import cv2
import numpy as np
import pytest

from agns.people import find_people, load_faces, read_person, to_input
from shared.errors import UserError
from tests.agns import tiny


def test_the_division_does_not_depend_on_the_others(tmp_path):
    folder = tiny.write_people(tmp_path / "faces", people=4, photos=10)
    everybody = find_people(folder)
    two = find_people(folder, names=["Person_3", "Person_1"])
    assert [p.name for p in two] == ["Person_3", "Person_1"]
    assert two[1] == everybody[1] and two[0] == everybody[3]
    assert read_person(folder / "Person_2") == everybody[2]
    for person in everybody:
        assert len(person.test) == 2 and len(person.train) == 8
        assert not set(person.test) & set(person.train)
    # Not the same photos of everybody.
    held = {tuple(path.name for path in p.test) for p in everybody}
    assert len(held) > 1


def test_the_people_with_the_most_photos(tmp_path):
    folder = tiny.write_people(tmp_path / "faces", people=3, photos=3)
    extra = cv2.imread(str(folder / "Person_2" / "00.png"))
    cv2.imwrite(str(folder / "Person_2" / "99.png"), extra)
    names = [person.name for person in find_people(folder, count=2)]
    assert names == ["Person_0", "Person_2"]


def test_one_photo_for_a_person_is_refused(tmp_path):
    folder = tiny.write_people(tmp_path / "faces", people=2, photos=1)
    with pytest.raises(UserError, match="Person_0: holds one photo"):
        find_people(folder)


def test_too_few_people_are_refused(tmp_path):
    with pytest.raises(UserError, match="no such directory"):
        find_people(tmp_path / "nowhere")
    folder = tiny.write_people(tmp_path / "faces", people=1)
    with pytest.raises(UserError, match="at least two"):
        find_people(folder)
    tiny.write_people(tmp_path / "more", people=3)
    with pytest.raises(UserError, match="--people: 9 are wanted"):
        find_people(tmp_path / "more", count=9)
    with pytest.raises(UserError, match="no folder Nobody"):
        find_people(tmp_path / "more", names=["Nobody", "Person_1"])


def test_faces_of_another_size(tmp_path):
    folder = tiny.write_people(tmp_path / "faces", people=2, side=96)
    path = folder / "Person_0" / "00.png"
    assert load_faces([path]).shape == (1, 224, 224, 3)
    with pytest.raises(UserError, match="is 96 x 96 pixels.*224 x 224"):
        load_faces([path], exact=True)
    cv2.imwrite(str(path), np.zeros((40, 50, 3), np.uint8))
    with pytest.raises(UserError, match="50 x 40 pixels.*square"):
        load_faces([path])


def test_to_input_is_the_resizer():
    from agns.layers.resizer import Resizer

    face = np.random.default_rng(0).random((1, 224, 224, 3))
    face = face.astype("float32")
    wanted = Resizer(96, 96)(2 * face - 1)
    np.testing.assert_allclose(to_input(face, 96, -1.0), wanted, atol=1e-4)
    np.testing.assert_array_equal(to_input(face, 224, 0.0), face)
    levels = (255 * face).astype(np.uint8)
    assert to_input(levels, 96, 0.0).max() <= 1.0
