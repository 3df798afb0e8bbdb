"""Difficulties start on success, never turn back, and stalls are seen."""

import hypothesis
import pytest
from hypothesis import strategies as st

from stegastamp.presets import IMAGE_LOSS_DECADES, SETTINGS, STAGES
from stegastamp.schedule import (
    DISTORTION_KNOBS,
    RAMPS,
    GatedSchedule,
    PaperSchedule,
)
from stegastamp.train import build_schedule


def gated(**kwargs):
    return GatedSchedule(STAGES, IMAGE_LOSS_DECADES, **kwargs)


def paper():
    settings = SETTINGS.choose("paper")
    return PaperSchedule(
        {knob: settings[name] for knob, name in RAMPS.items() if name},
        settings["no_im_loss_steps"],
        settings["l2_edge_delay"],
    )


def test_nothing_starts_without_success():
    schedule = gated()
    for step in range(100, 3000, 100):
        schedule.update(step, 0.5, 100)
    levels = schedule.levels(2900)
    assert schedule.one_batch and not schedule.stalled
    assert levels["l2"] == levels["critic"] == levels["noise"] == 0
    assert levels["secret"] == 1
    schedule.update(3000, 0.5, 100)
    assert schedule.stalled


def test_success_opens_every_gate_in_order():
    schedule, seen = gated(), []
    for step in range(100, 20_000, 100):
        schedule.update(step, 0.999, 100)
        if schedule.stage not in seen:
            seen.append(schedule.stage)
    assert seen == [1, 2, 3, 4]
    levels = schedule.levels(20_000)
    assert set(levels.values()) == {1.0}
    assert list(schedule.opened) == [stage.name for stage in STAGES]
    assert sorted(schedule.opened.values()) == list(schedule.opened.values())


def test_image_loss_rises_in_log_space_and_waits_below_its_hold():
    schedule = gated()
    schedule.set_state({"stage": 3, "progress": 0.5, "opened": {}})
    middle = schedule.levels(0)["l2"]
    assert middle == pytest.approx(10 ** (-IMAGE_LOSS_DECADES / 2))
    schedule.update(100, STAGES[3].hold - 0.01, 100)
    assert schedule.levels(100)["l2"] == middle
    schedule.update(200, STAGES[3].hold, 100)
    assert schedule.levels(200)["l2"] > middle


@hypothesis.given(st.lists(st.floats(0, 1), max_size=120))
def test_no_level_ever_falls(accuracies):
    schedule = gated()
    before = schedule.levels(0)
    for index, accuracy in enumerate(accuracies):
        schedule.update(500 * (index + 1), accuracy, 500)
        after = schedule.levels(500 * (index + 1))
        assert all(after[knob] >= before[knob] for knob in before)
        before = after


def test_state_is_restored_exactly():
    schedule = gated()
    for step in range(100, 3000, 100):
        schedule.update(step, 0.99, 100)
    other = gated()
    other.set_state(schedule.get_state())
    assert other.get_state() == schedule.get_state()
    assert other.levels(0) == schedule.levels(0)
    assert other.describe() == schedule.describe()


def test_paper_ramps_are_the_released_ones():
    schedule = paper()
    early, late = schedule.levels(1000), schedule.levels(140_000)
    assert early["l2"] == early["lpips"] == early["critic"] == 0
    assert early["jpeg"] == early["noise"] == early["blur"] == 1
    assert early["trans"] == pytest.approx(0.1)
    assert schedule.levels(7_500)["l2"] == pytest.approx(0.5)
    assert schedule.levels(80_000)["edge"] == 0
    assert schedule.levels(85_000)["edge"] == pytest.approx(0.5)
    assert set(late.values()) == {1.0}
    assert not schedule.one_batch and not schedule.stalled


def test_distortion_knobs_all_have_levels():
    assert set(DISTORTION_KNOBS) <= set(gated().levels(0))


def test_a_training_that_goes_on_meets_all_difficulties_at_once():
    schedule = build_schedule(SETTINGS.choose("small", schedule="full"))
    assert set(schedule.levels(0).values()) == {1.0}
    assert not schedule.one_batch
