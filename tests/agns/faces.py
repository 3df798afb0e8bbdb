"""Aligned faces that ship, and one of them where a camera finds it."""

from pathlib import Path

import cv2
import numpy as np

from agns import api
from agns.align import find_files
from agns.people import load_faces

FACES = Path(api.__file__).parent / "assets" / "faces"


def shipped_faces():
    """All of them, uint8 [N, 224, 224, 3]."""
    return load_faces(find_files(FACES)[0])


def as_in_a_photo(face):
    """A face where a camera finds it: in the middle, of half the size."""
    photo = np.full_like(face, 90)
    photo[56:168, 56:168] = cv2.resize(face, (112, 112))
    return photo
