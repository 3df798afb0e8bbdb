"""Batches depend on their step; everybody weighs the same."""

import numpy as np
import pytest

from agns.data import FaceBatches, FrameBatches
from agns.frames import load_frames
from agns.people import find_people
from tests.agns import tiny


@pytest.fixture
def people(tmp_path):
    return find_people(tiny.write_people(tmp_path / "faces"))


@pytest.mark.parametrize("photos_each", [1, 2])
def test_a_batch_of_faces_depends_on_its_step_only(people, photos_each):
    def batches(**kwargs):
        return FaceBatches(
            people, 32, -1.0, 4, seed=7, photos_each=photos_each, **kwargs
        )

    whole = batches()
    assert len(whole) == 3
    whole.on_epoch_end()
    later = batches(first_step=3)
    for one, other in zip(whole[2], later[2], strict=True):
        np.testing.assert_array_equal(one, other)
    faces, labels, weights = whole[0]
    assert faces.shape == (4, 32, 32, 3) and faces.dtype == np.float32
    assert -1 <= faces.min() < faces.max() <= 1
    np.testing.assert_allclose(weights, 1.0)
    if photos_each == 2:
        assert labels[0] == labels[1] and labels[2] == labels[3]


def test_an_epoch_shows_every_photo(people):
    batches = FaceBatches(people, 32, -1.0, 4, seed=7, augment=False)
    seen = [face.tobytes() for i in range(3) for face in batches[i][0]]
    assert len(set(seen)) == 12


def test_rare_people_weigh_more(people):
    fewer = [people[0], *people[1:]]
    fewer[0] = type(people[0])("Rare", people[0].train[:1], people[0].test)
    batches = FaceBatches(fewer, 32, -1.0, 9, seed=0)
    weights = {}
    _, labels, found = batches[0]
    for label, weight in zip(labels, found, strict=True):
        weights[int(label)] = float(weight)
    assert weights[0] == pytest.approx(4 * weights[1])
    total = sum(weights[label] * n for label, n in ((0, 1), (1, 4), (2, 4)))
    assert total == pytest.approx(9)


def test_half_of_the_faces_wear_glasses_in_defence(people, tmp_path):
    red = np.zeros((1, 64, 176, 3), np.uint8)
    red[..., 0] = 255
    batches = FaceBatches(
        people, 224, 0.0, 12, seed=0, augment=False, glasses=red
    )
    worn = [(face[58, 60] == [1, 0, 0]).all() for face in batches[0][0]]
    assert 2 < sum(worn) < 10


def test_a_batch_of_frames_depends_on_its_step_only(tmp_path):
    frames = load_frames(tiny.write_frames(tmp_path / "frames", 6))
    whole, later = (
        FrameBatches(frames, 2, seed=1, first_step=first) for first in (0, 3)
    )
    assert len(whole) == 3
    whole.on_epoch_end()
    np.testing.assert_array_equal(whole[1], later[1])
    assert whole[0].min() == -1.0 and whole[0].max() <= 1.0
