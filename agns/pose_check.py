"""Whether a face lies where an aligned one does, without finding it.

An aligned face has its eyes, nose and mouth at known places, so edges of known
directions lie in known cells of the picture. One weight for each cell and
direction, learned by `agns.fit_pose_check`, tells it from a photo that nobody
has aligned. NumPy and OpenCV only: it needs neither dlib nor its predictor.

Source of the features: Dalal and Triggs, "Histograms of Oriented Gradients for
Human Detection", CVPR 2005.
"""

from pathlib import Path

import cv2
import numpy as np

WEIGHTS_FILE = Path(__file__).parent / "assets" / "pose_check.npz"
_SIDE, _CELL, _DIRECTIONS = 56, 4, 8
FEATURES = (_SIDE // _CELL) ** 2 * _DIRECTIONS


def edge_features(face):
    """How strong a face's edges are, by cell and direction.

    Args:
        face: uint8 [H, H, 3] RGB.

    Returns:
        float32 [FEATURES], not negative, of norm 1 (0 for a flat picture).
    """
    gray = cv2.cvtColor(face, cv2.COLOR_RGB2GRAY)
    gray = cv2.resize(gray, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA)
    gray = cv2.GaussianBlur(gray.astype(np.float32), (0, 0), 1.0)
    across = cv2.Sobel(gray, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(gray, cv2.CV_32F, 0, 1)
    # An edge from light to dark is the same as one from dark to light.
    turn = np.arctan2(down, across) % np.pi / np.pi
    direction = np.minimum((turn * _DIRECTIONS).astype(int), _DIRECTIONS - 1)
    row, column = np.indices(gray.shape) // _CELL
    cells = _SIDE // _CELL
    histogram = np.bincount(
        ((row * cells + column) * _DIRECTIONS + direction).ravel(),
        np.hypot(across, down).ravel(),
        FEATURES,
    )
    total = histogram.sum()
    return np.sqrt(histogram / total if total else histogram).astype(np.float32)


class PoseCheck:
    """Tells aligned faces from photos that nobody has aligned.

    Args:
        path: File that `agns.fit_pose_check` wrote.
    """

    def __init__(self, path=WEIGHTS_FILE):
        with np.load(path, allow_pickle=False) as file:
            self.weights, self.bias = file["weights"], float(file["bias"])

    def scores(self, faces):
        """Above 0 for faces that lie as aligned ones do: float [N].

        Args:
            faces: uint8 [N, H, H, 3] RGB.
        """
        features = np.stack([edge_features(face) for face in faces])
        return features @ self.weights + self.bias
