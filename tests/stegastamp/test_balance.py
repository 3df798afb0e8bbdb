"""What is seen against what is held: factors, rounds, a PSNR that is met."""

import numpy as np
import pytest

from shared.measures.quality import psnr
from stegastamp import balance
from stegastamp.balance import LESS, ROUNDS, Aim, at_psnr
from stegastamp.refine import START, WEIGHTS, Effort, stamp

SECRET = np.arange(20) % 2
SIGNS = np.where(SECRET, 1.0, -1.0)
PLAIN = np.random.default_rng(0).normal(0, 0.02, (16, 16, 3))
PLAIN = PLAIN.astype(np.float32)
PHOTO = np.full((96, 128, 3), 120, np.uint8)


@pytest.mark.parametrize("wanted", [30.0, 38.5, 45.0])
def test_a_psnr_is_met(wanted):
    factor = at_psnr(PHOTO, PLAIN, wanted)
    found = psnr(PHOTO, stamp(PHOTO, PLAIN * factor))
    assert wanted <= found < wanted + 0.1


def run(monkeypatch, read, steps=3, aim=None):
    """Balances with a refinement that only notes what it is asked."""
    asked = []

    def noted(_, copy, residual, secret, effort, against, weight, target, size):
        assert size == PHOTO.shape[:2] and copy.size < PHOTO.size
        asked.append((float(np.abs(residual).max()), weight, target))
        return residual * 2

    monkeypatch.setattr(balance, "refine", noted)
    residual, found = balance.balance(
        read,
        None,
        PHOTO,
        255.0,
        PLAIN,
        SECRET,
        Effort(steps, 5000),
        aim or Aim(),
    )
    return asked, residual, found


def all_right(photos):
    return np.stack([SIGNS] * len(photos))


def test_a_stamp_that_is_read_is_refined_once(monkeypatch):
    asked, residual, found = run(monkeypatch, all_right)
    assert asked == [
        (pytest.approx(START * np.abs(PLAIN).max()), WEIGHTS["print"], None)
    ]
    np.testing.assert_allclose(residual, 2 * START * PLAIN)
    # It is as strong as it should be: no factor below 1 is tried.
    assert found.factor == 1.0 and found.is_sure


def test_without_steps_the_network_decides(monkeypatch):
    asked, residual, found = run(monkeypatch, all_right, steps=0)
    assert asked == [] and found.factor == 0.5
    np.testing.assert_array_equal(residual, PLAIN)


def test_bits_that_are_not_sure_weigh_more(monkeypatch):
    asked, _, found = run(monkeypatch, lambda photos: -all_right(photos))
    assert [weight for _, weight, _ in asked] == [
        WEIGHTS["print"] * LESS**n for n in range(ROUNDS)
    ]
    # Each goes on where the last one stopped.
    sizes = [size for size, _, _ in asked]
    np.testing.assert_allclose(np.divide(sizes[1:], sizes[:-1]), 2)
    assert not found.is_sure and len(found.losses) == 3


def test_light_that_no_stamp_survives_asks_for_no_more(monkeypatch):
    def read(photos):
        logits = all_right(photos)
        logits[1] *= -1
        return logits

    asked, _, found = run(monkeypatch, read)
    assert len(asked) == 1 and found.is_sure
    assert found.losses == ["brightness x1.5"]
    asked, _, found = run(monkeypatch, read, aim=Aim(against="web"))
    assert found.losses == ["brightness x1.2"]


def test_a_psnr_that_is_asked_for_takes_what_it_gets(monkeypatch):
    aim = Aim(psnr=40.0)
    asked, residual, found = run(
        monkeypatch, lambda photos: -all_right(photos), aim=aim
    )
    assert len(asked) == 1 and asked[0][2] == 40.0
    assert found.wrong == (20, 20, 20)
    stamped = stamp(PHOTO, residual * found.factor)
    assert psnr(PHOTO, stamped) == pytest.approx(40.0, abs=0.1)
