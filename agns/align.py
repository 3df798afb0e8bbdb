"""Finds faces in photos and brings them into the pose that the frames fit.

    python -m agns.align --images_dir photos --save_dir faces

Writes each face as a square of 224 pixels: `NAME.jpg`, or `NAME_1.jpg`,
`NAME_2.jpg`, ... from left to right if a photo shows several. A folder of
people (one folder each) is mirrored. Photos without a face are listed, on the
screen and in `not_found.txt`, to which a later run adds. The faces of a photo
are all written or none; files that exist are not replaced without --overwrite.

Exit code: 0 if a face was found in at least one photo and every photo could be
read, 1 if not.
"""

import functools
import importlib.util
from pathlib import Path

import cv2
import numpy as np
from absl import flags

import shared.images
import shared.outputs
from agns.frames import CANONICAL_SIZE
from shared.command import no_arguments, progress, run_main
from shared.errors import UserError, report
from shared.images import (
    Photo,
    encode_photo,
    make_directory,
    read_photo,
    write_bytes,
)
from shared.outputs import Outputs, write_files
from shared.photo_folders import survey
from shared.text import printable, say, warn

# Outer and inner corner of the right eye as one looks at the photo, the same
# of the left eye, base of the nose: (x, y) of the canonical pose of 224 x 224
# pixels in which the paper's frames are drawn.
CANONICAL_MARKS = np.array(
    [[166, 78], [133, 80], [57, 82], [90, 81], [115, 133]], np.float64
)
# The same five among the 68 marks of iBUG 300-W.
_FIVE_OF_68 = (45, 42, 36, 39, 33)
_PREDICTOR = "shape_predictor_5_face_landmarks.dat"


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    flags.DEFINE_string(
        "images_dir",
        None,
        "Folder of photos, or of one folder of photos a person.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "save_dir",
        None,
        "Directory for the faces; made if it is missing.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "predictor",
        None,
        "dlib's shape predictor of 5 or 68 marks (.dat). Default: the one of "
        "5 in the package face_recognition_models.",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "pose",
        "canonical",
        ["canonical", "chip"],
        "canonical: the pose that the frames fit; chip: dlib's face chip.",
        flag_values=values,
    )
    flags.DEFINE_enum(
        "faces",
        "all",
        ["all", "central"],
        "Which faces of a photo to keep: all, or the most central one.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "size",
        CANONICAL_SIZE,
        "Side of a face in pixels.",
        lower_bound=32,
        upper_bound=2048,
        flag_values=values,
    )
    shared.outputs.define_flags(values)
    shared.images.define_flags(values)


def find_predictor(path=None):
    """The file of dlib's shape predictor.

    Args:
        path: file that the user named, or None.

    Returns:
        Path.

    Raises:
        UserError: if there is none, saying how to get one.
    """
    if path:
        if not Path(path).is_file():
            raise UserError(f"--predictor: {path}: no such file")
        return Path(path)
    # The package itself does not import without setuptools.
    spec = importlib.util.find_spec("face_recognition_models")
    for folder in spec.submodule_search_locations if spec else ():
        file = Path(folder) / "models" / _PREDICTOR
        if file.is_file():
            return file
    raise UserError(
        f"--predictor: {_PREDICTOR} is not here; run `pip install "
        "face_recognition_models`, or name a file from "
        "https://github.com/davisking/dlib-models"
    )


def fit_similarity(source, target):
    """The least-squares rotation, scale and shift from points to points.

    Args:
        source, target: [K, 2] float, K >= 2, (x, y).

    Returns:
        [2, 3] float64 matrix M with target ~ M (x, y, 1), never mirrored.
    """
    source, target = np.asarray(source, float), np.asarray(target, float)
    x, y = (source - source.mean(axis=0)).T
    u, v = (target - target.mean(axis=0)).T
    power = np.sum(x * x + y * y)
    if not power > 0:
        raise ValueError("`source` must hold two different points.")
    a = np.sum(x * u + y * v) / power
    b = np.sum(x * v - y * u) / power
    turn = np.array([[a, -b], [b, a]])
    shift = target.mean(axis=0) - turn @ source.mean(axis=0)
    return np.column_stack([turn, shift])


class Aligner:
    """dlib's face detector and shape predictor, as one function of a photo.

    Args:
        predictor: file of dlib's predictor of 5 or 68 marks, or None for the
            one that is installed.
        size: int, side of a face in pixels.
        pose: "canonical" or "chip".

    Raises:
        UserError: if dlib or the predictor is missing or broken.
    """

    def __init__(self, predictor=None, size=CANONICAL_SIZE, pose="canonical"):
        path = find_predictor(predictor)
        try:
            import dlib
        except ImportError:
            raise UserError(
                "dlib is not installed; run `pip install dlib-bin`"
            ) from None
        try:
            self._predict = dlib.shape_predictor(str(path))
        except RuntimeError as error:
            raise UserError(
                f"--predictor: {path}: no shape predictor of dlib"
            ) from error
        self._detect = dlib.get_frontal_face_detector()
        self._chip = functools.partial(
            dlib.get_face_chip, size=size, padding=0.25
        )
        self.size = size
        self.pose = pose

    def find(self, image):
        """Finds the faces of a photo.

        Args:
            image: uint8 [H, W, 3] RGB.

        Returns:
            (faces, centers): uint8 [K, size, size, 3] RGB, from left to
            right; float [K, 2], their (x, y) in the photo.
        """
        image = np.ascontiguousarray(image)
        shapes = [
            self._predict(image, box)
            # A second look at twice the size finds faces from 40 pixels on.
            for box in self._detect(image, 1)
        ]
        shapes.sort(key=lambda shape: shape.rect.left())
        faces = [self._cut(image, shape) for shape in shapes]
        centers = [
            (shape.rect.center().x, shape.rect.center().y) for shape in shapes
        ]
        empty = np.zeros((0, self.size, self.size, 3), np.uint8)
        return (
            np.stack(faces) if faces else empty,
            np.array(centers, float).reshape(-1, 2),
        )

    def _cut(self, image, shape):
        if self.pose == "chip":
            return self._chip(image, shape)
        marks = np.array([(p.x, p.y) for p in shape.parts()], float)
        if len(marks) == 68:
            marks = marks[list(_FIVE_OF_68)]
        if len(marks) != len(CANONICAL_MARKS):
            raise UserError(
                f"--predictor: gives {len(marks)} marks where 5 or 68 are meant"
            )
        scale = self.size / CANONICAL_SIZE
        # Pixel centres are at half integers of the continuous axes.
        target = scale * (CANONICAL_MARKS + 0.5) - 0.5
        matrix = fit_similarity(marks, target)
        # Where the face shrinks, every other pixel would be skipped.
        shrink = np.hypot(*matrix[:, 0])
        if shrink < 0.5:
            image = cv2.GaussianBlur(image, (0, 0), 0.5 / shrink - 0.5)
        return cv2.warpAffine(
            image,
            matrix,
            (self.size, self.size),
            flags=cv2.INTER_CUBIC,
            borderMode=cv2.BORDER_REPLICATE,
        )


def most_central(faces, centers, shape):
    """Keeps of the faces of a photo the one nearest to its middle."""
    middle = np.array([shape[1], shape[0]]) / 2
    nearest = np.argmin(np.square(centers - middle).sum(axis=1))
    return faces[nearest : nearest + 1]


def find_files(images_dir):
    """The photos of a folder and of the folders in it.

    Returns:
        (paths, left_out): sorted list of Path; LeftOut.

    Raises:
        UserError: if it is no directory or holds no photo.
    """
    images_dir = Path(images_dir)
    if not images_dir.is_dir():
        raise UserError(f"--images_dir: {images_dir}: no such directory")
    paths, left_out = survey(images_dir, depth=1)
    if not paths:
        raise UserError(
            f"--images_dir: {images_dir}: holds no photos, nor do the folders "
            "in it"
        )
    return paths, left_out


def align_file(aligner, path, target, faces_kept, max_pixels, outputs):
    """Aligns the faces of one file and writes them.

    Args:
        aligner: Aligner.
        path: Path of a photo.
        target: Path of the result for a photo with one face.
        faces_kept: "all" or "central".
        max_pixels: int, see `read_photo`.
        outputs: Outputs that says which files may be written.

    Returns:
        int, how many faces were found.

    Raises:
        UserError: naming the file.
    """
    photo = read_photo(path, max_pixels)
    for note in photo.notes:
        warn(f"{path}: {note}")
    image = photo.rgb8
    faces, centers = aligner.find(image)
    if faces_kept == "central" and len(faces):
        faces = most_central(faces, centers, image.shape)
    if len(faces):
        make_directory(target.parent)
    contents = {}
    for index, face in enumerate(faces):
        name = target
        if len(faces) > 1:
            name = target.with_stem(f"{target.stem}_{index + 1}")
        outputs.claim(name, path)
        contents[name] = encode_photo(Photo(face), ".jpg", quality=95)
    write_files(contents, outputs.overwrite)
    return len(faces)


def add_lines(path, lines):
    """Adds lines to a text file, whole or not at all; none comes twice."""
    try:
        before = path.read_text("utf-8").splitlines()
    except FileNotFoundError:
        before = []
    except (OSError, ValueError) as error:
        raise UserError(f"{path}: cannot be read as text: {error}") from error
    new = [line for line in lines if line not in before]
    text = "".join(f"{line}\n" for line in [*before, *new])
    write_bytes(path, text.encode("utf-8"), overwrite=True)


def main(arguments, values=flags.FLAGS):
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    for name in ("images_dir", "save_dir"):
        if not values[name].value:
            raise UserError(f"--{name} is missing")
    root = Path(values.images_dir)
    paths, left_out = find_files(root)
    aligner = Aligner(values.predictor, values.size, values.pose)
    save_dir = Path(values.save_dir)
    make_directory(save_dir)
    outputs = Outputs(values.overwrite, paths)
    found, without, failures = 0, [], 0
    for path in progress(paths, True):
        target = (save_dir / path.relative_to(root)).with_suffix(".jpg")
        try:
            count = align_file(
                aligner, path, target, values.faces, values.max_pixels, outputs
            )
        except UserError as error:
            report(error)
            failures += 1
            continue
        found += count
        if not count:
            without.append(path)
    for path in without:
        say(f"no face found: {path}")
    names = [printable(path.relative_to(root)) for path in without]
    add_lines(save_dir / "not_found.txt", names)
    also = f"; left out {left_out}" if left_out else ""
    say(
        f"{found} faces of {len(paths)} photos in {save_dir}; no face in "
        f"{len(without)}, failed {failures}{also}"
    )
    return 0 if found and not failures else 1


if __name__ == "__main__":
    define_flags()
    run_main(main)
