"""Learns to tell aligned faces from photos that are not, and measures it.

    python -m agns.fit_pose_check --aligned_dir aligned --photos_dir faces \\
        --output agns/assets/pose_check.npz

Learns from one half of the people of each folder (of the files, where there
are no folders in it) and prints the share of the other half that gets a
warning: it should be small for `--aligned_dir`, large for `--photos_dir`.
What is learned is a logistic regression on `agns.pose_check.edge_features`.
"""

import io

import cv2
import numpy as np
from absl import flags

import shared.outputs
from agns.align import find_files
from agns.frames import CANONICAL_SIZE, load_frames, load_mask, wear
from agns.pose_check import PoseCheck, edge_features
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.images import read_photo, write_bytes
from shared.outputs import refuse_existing
from shared.ranges import levels_to_signed, unit_to_levels

# Changes that no alignment leaves: (scale, degrees, share of the side moved),
# each from the first number to the second.
_WRONG = (
    ((0.6, 0.8), (0, 0), (0, 0)),
    ((1.25, 1.6), (0, 0), (0, 0)),
    ((1, 1), (15, 40), (0, 0)),
    ((1, 1), (180, 180), (0, 0)),
    ((1, 1), (0, 0), (0.12, 0.25)),
)
_RIGHT = ((0.97, 1.03), (0, 3), (0, 0.015))
# Varied copies of an aligned face, and of one with each wrong change.
_COPIES, _WRONG_COPIES = 4, 2


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    for name, text in (
        ("aligned_dir", "Folder of aligned faces"),
        ("photos_dir", "Folder of photos that are not aligned"),
        ("test_aligned_dir", "Folder of aligned faces to measure with only"),
        ("test_photos_dir", "Folder of other photos to measure with only"),
    ):
        flags.DEFINE_multi_string(
            name,
            [],
            f"{text}, or of folders of them; may be given several times.",
            flag_values=values,
        )
    flags.DEFINE_string(
        "frames_dir",
        None,
        "Folder of eyeglass frames which aligned faces wear: they are aligned "
        "all the same.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "output",
        None,
        "File (.npz) to write. Default: measure the weights that ship.",
        flag_values=values,
    )
    shared.outputs.define_flags(values)


def halves(folder):
    """Divides a folder's photos by person: (to learn from, to measure with)."""
    paths, _ = find_files(folder)
    people = sorted({path.parent for path in paths})
    if len(people) > 1:
        first = set(people[: len(people) // 2])
        learned = [path for path in paths if path.parent in first]
    else:
        learned = paths[: len(paths) // 2]
    known = set(learned)
    return learned, [path for path in paths if path not in known]


def read_squares(paths):
    """The middle squares of photos, uint8 [N, 224, 224, 3]."""
    squares = []
    for path in paths:
        pixels = read_photo(path).rgb8
        height, width = pixels.shape[:2]
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        squares.append(
            cv2.resize(
                pixels[top : top + side, left : left + side],
                (CANONICAL_SIZE, CANONICAL_SIZE),
                interpolation=cv2.INTER_LINEAR,
            )
        )
    return np.stack(squares)


def move(face, change, random):
    """A face scaled, turned and moved within the bounds of a change."""
    scale, turn, shift = (random.uniform(*bounds) for bounds in change)
    middle = (len(face) - 1) / 2
    turn *= random.choice([-1, 1])
    matrix = cv2.getRotationMatrix2D((middle, middle), turn, scale)
    angle = random.uniform(0, 2 * np.pi)
    matrix[:, 2] += shift * len(face) * np.array([np.cos(angle), np.sin(angle)])
    moved = cv2.warpAffine(
        face, matrix, face.shape[:2], borderMode=cv2.BORDER_REPLICATE
    )
    if random.random() < 0.5:
        moved = np.ascontiguousarray(moved[:, ::-1])
    if random.random() < 0.3:
        moved = cv2.GaussianBlur(moved, (0, 0), random.uniform(2, 5))
    return moved


def worn(faces, frames, random):
    """The same faces, each with one of the frames, uint8."""
    mask = load_mask()
    faces_worn = []
    for face in faces:
        pair = levels_to_signed(frames[random.integers(len(frames))][None])
        picture = wear(pair, face[None].astype(np.float32) / 255, mask)
        faces_worn.append(unit_to_levels(picture[0]))
    return np.stack(faces_worn)


def learn(aligned, photos):
    """Fits the weights.

    Args:
        aligned, photos: uint8 [N, 224, 224, 3] and [M, 224, 224, 3].

    Returns:
        float32 [FEATURES] weights, float bias.
    """
    from sklearn.linear_model import LogisticRegression

    random = np.random.default_rng(0)
    right = [edge_features(face) for face in aligned] + [
        edge_features(move(face, _RIGHT, random))
        for face in aligned
        for _ in range(_COPIES)
    ]
    wrong = [edge_features(photo) for photo in photos] + [
        edge_features(move(face, change, random))
        for face in aligned
        for change in _WRONG
        for _ in range(_WRONG_COPIES)
    ]
    model = LogisticRegression(C=3.0, max_iter=300, class_weight="balanced")
    model.fit(
        np.stack(right + wrong), np.repeat([1, 0], [len(right), len(wrong)])
    )
    return model.coef_[0].astype(np.float32), float(model.intercept_[0])


def main(arguments, values=flags.FLAGS):
    """Runs the command."""
    no_arguments(arguments)
    for name in ("aligned_dir", "photos_dir"):
        if not values[name].value:
            raise UserError(f"--{name} is missing")
    if values.output:
        refuse_existing(values.output, values.overwrite)
    random = np.random.default_rng(1)
    learned, measured = {}, []
    for kind in ("aligned_dir", "photos_dir"):
        parts = [halves(folder) for folder in values[kind].value]
        learned[kind] = [read_squares(first) for first, _ in parts]
        measured += [
            (kind, folder, read_squares(second))
            for folder, (_, second) in zip(
                values[kind].value, parts, strict=True
            )
        ]
        measured += [
            (kind, folder, read_squares(find_files(folder)[0]))
            for folder in values[f"test_{kind}"].value
        ]
    if values.frames_dir:
        frames = load_frames(values.frames_dir)
        learned["aligned_dir"].append(
            worn(learned["aligned_dir"][0], frames, random)
        )
        kind, folder, faces = measured[0]
        measured.insert(
            1, (kind, f"{folder} with frames", worn(faces, frames, random))
        )
    if values.output:
        weights, bias = learn(*(np.concatenate(s) for s in learned.values()))
        buffer = io.BytesIO()
        np.savez(buffer, weights=weights, bias=np.float32(bias))
        write_bytes(values.output, buffer.getvalue(), values.overwrite)
        print(values.output)
    check = PoseCheck(values.output) if values.output else PoseCheck()
    for kind, folder, photos in measured:
        warned = int(np.sum(check.scores(photos) <= 0))
        print(
            f"{kind}: {folder}: a warning for {warned} of {len(photos)} "
            f"({warned / len(photos):.1%})"
        )


if __name__ == "__main__":
    define_flags()
    run_main(main)
