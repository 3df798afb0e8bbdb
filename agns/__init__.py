"""Eyeglasses that test a face recogniser."""

from shared import __version__ as __version__  # first; see there
