"""Eyeglasses that test a face recogniser."""

import shared  # noqa: F401 (first; see there)
