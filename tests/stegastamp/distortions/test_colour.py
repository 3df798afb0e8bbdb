"""Colours change as in the original."""

from pathlib import Path

import numpy as np

from stegastamp.distortions.colour import change_colours

GOLDENS = Path(__file__).parent / "goldens"


def test_colours_change_as_in_the_original():
    golden = np.load(GOLDENS / "stega_colour_chain.npz")
    changed = change_colours(
        golden["image"],
        golden["contrast_scale"],
        golden["rnd_brightness"],
        golden["rnd_sat"],
    )
    np.testing.assert_allclose(changed, golden["out"], atol=1e-6)
