"""The interval of a rate, at known values and at its ends."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.measures.intervals import wilson_interval


def test_known_values():
    low, high = wilson_interval(8, 10)
    assert low == pytest.approx(0.4901625, abs=1e-6)
    assert high == pytest.approx(0.9433178, abs=1e-6)


@given(
    st.integers(1, 500).flatmap(
        lambda trials: st.tuples(st.integers(0, trials), st.just(trials))
    )
)
def test_holds_the_rate_and_mirrors(pair):
    successes, trials = pair
    low, high = wilson_interval(successes, trials)
    assert 0 <= low <= successes / trials <= high <= 1
    other = wilson_interval(trials - successes, trials)
    assert other == pytest.approx((1 - high, 1 - low), abs=1e-12)


@pytest.mark.parametrize(("successes", "trials"), [(0, 0), (-1, 5), (6, 5)])
def test_no_rate_is_refused(successes, trials):
    with pytest.raises(ValueError, match=f"{successes} of {trials}"):
        wilson_interval(successes, trials)
