"""One driver makes every attack, in a run directory and without."""

import cv2
import keras
import numpy as np
import pytest

from agns.attack_run import Photos, load_attackers_photos, make_attack, set_up
from agns.frames import load_mask
from agns.game import AttackRules
from agns.goals import GOALS
from agns.marks import MARKS
from shared.errors import UserError
from shared.training import RunOptions
from tests.agns import tiny

PACE = {"check_every": 2, "batch_size": 2}


@pytest.fixture(scope="module")
def photos():
    random = np.random.default_rng(2)
    faces = random.uniform(0.2, 0.8, (4, 224, 224, 3)).astype("float32")
    return Photos(faces[:2], faces[2:])


def setup(**more):
    keras.utils.set_random_seed(3)
    return set_up(
        tiny.generator(),
        tiny.discriminator(),
        tiny.recognizer(),
        load_mask(),
        AttackRules(learning_rate=0.02, objective="probability"),
        jit_compile=keras.backend.backend() == "jax",
        **more,
    )


def test_a_kept_attack_is_the_attack_that_is_not_kept(photos, tmp_path):
    options = RunOptions(tmp_path / "run")
    options.run_dir.mkdir()
    goal = GOALS["dodging"]
    never = {"stop": 0.0, **PACE}
    whole = make_attack(setup(), goal, 1, photos, steps=6, **never)
    assert len(whole.path) == 3 and not whole.succeeded
    first = make_attack(
        setup(), goal, 1, photos, steps=2, options=options, **never
    )
    second = make_attack(
        setup(), goal, 1, photos, steps=6, options=options, **never
    )
    np.testing.assert_allclose(
        [*first.path, *second.path], whole.path, rtol=1e-5
    )
    # It has taken its steps: it is looked at, and asked for something else.
    again = make_attack(
        setup(), goal, 1, photos, steps=6, stop=1.0, options=options, **PACE
    )
    assert not again.path and again.succeeded
    np.testing.assert_allclose(again.probability, whole.path[-1], rtol=1e-5)


def test_a_run_that_has_succeeded_takes_no_more_steps(photos, tmp_path):
    options = RunOptions(tmp_path / "run")
    options.run_dir.mkdir()
    goal = GOALS["impersonation"]
    for steps, checks in ((8, 1), (16, 0)):
        check = make_attack(
            setup(),
            goal,
            1,
            photos,
            steps=steps,
            stop=0.0,
            options=options,
            **PACE,
        )
        assert check.succeeded and len(check.path) == checks


def test_a_setup_is_compiled_as_it_is_told_and_draws_its_frames():
    drawn = setup(steps_per_execution=3)
    assert drawn.game.steps_per_execution == 3
    assert drawn.frames.shape == (500, 64, 176, 3)
    given = np.zeros((2, 64, 176, 3), np.uint8)
    assert setup(frames=given).frames is given


def test_faces_of_another_size_are_refused(tmp_path):
    tiny.write_people(tmp_path, people=1, side=96)
    with pytest.raises(UserError, match="is 96 x 96 pixels.*224 x 224"):
        load_attackers_photos(tmp_path / "Person_0")


def test_a_photo_with_few_marks_is_named(tmp_path):
    for name, count in (("a", 7), ("b", 7), ("c", 4)):
        photo = np.full((224, 224, 3), 90, np.uint8)
        for x, y in MARKS[:count].astype(int):
            cv2.rectangle(
                photo, (x - 3, y - 2), (x + 3, y + 2), (60, 220, 40), -1
            )
        cv2.imwrite(str(tmp_path / f"{name}.png"), photo)
    with pytest.raises(UserError, match=r"c\.png: shows 4 green marks.*34, 69"):
        load_attackers_photos(tmp_path, physical=True)
    (tmp_path / "c.png").unlink()
    photos = load_attackers_photos(tmp_path, physical=True)
    assert len(photos.train) == len(photos.test) == 1
    # The marks are where the canvas has them: nothing is warped.
    np.testing.assert_allclose(photos.train_warps[0], np.eye(3), atol=0.02)
