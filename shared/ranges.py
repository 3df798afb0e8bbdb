"""The ranges that pixels have: whole levels, and what networks compute in."""

import cv2
import numpy as np


def to_8_bits(pixels: np.ndarray) -> np.ndarray:
    """Whole levels of 8 or 16 bits as uint8, rounded."""
    if pixels.dtype == np.uint8:
        return pixels
    return cv2.convertScaleAbs(pixels, alpha=1 / 257)


def levels_to_signed(pixels) -> np.ndarray:
    """Levels from 0 to 255 as float32 in [-1, 1]."""
    return np.asarray(pixels, np.float32) / np.float32(127.5) - np.float32(1)


def signed_to_levels(values) -> np.ndarray:
    """Values in [-1, 1] as uint8 levels; what is beyond is clipped."""
    scaled = np.asarray(values, np.float32) * 127.5 + 127.5
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def unit_to_levels(values) -> np.ndarray:
    """Values in [0, 1] as uint8 levels; what is beyond is clipped."""
    return np.clip(np.rint(255 * np.asarray(values)), 0, 255).astype(np.uint8)
