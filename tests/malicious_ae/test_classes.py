"""Class lists: those that ship, a user's own, and label maps of every form."""

import json

import cv2
import numpy as np
import pytest

from malicious_ae.classes import (
    ASSETS,
    CAMVID,
    CITYSCAPES,
    check_same,
    from_record,
    read_classes,
)
from malicious_ae.data import Frames, GrayCount, list_pairs, read_labels
from shared.errors import UserError

ROOMS = {
    "name": "rooms",
    "classes": [
        {"name": "floor", "color": [90, 60, 30]},
        {
            "name": "wall",
            "color": [200, 200, 200],
            "ids": [1, 7],
            "colors": [[190, 190, 190]],
        },
        {"name": "door", "color": [10, 120, 10]},
        {"name": "void", "color": [0, 0, 0], "ids": [255], "ignored": True},
    ],
}


def write_rooms(folder, changes=None):
    path = folder / "rooms.json"
    path.write_text(json.dumps(ROOMS | (changes or {})))
    return path


def save(path, pixels):
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = pixels if pixels.ndim == 2 else pixels[..., ::-1]
    assert cv2.imwrite(str(path), pixels)
    return path


@pytest.mark.parametrize("path", sorted(ASSETS.glob("*.json")))
def test_every_list_that_ships_is_read_and_written_again(path):
    classes = read_classes(path.stem)
    assert classes == read_classes(path)
    assert from_record(json.loads(json.dumps(classes.record))) == classes
    assert classes.names[classes.unlabeled] == "unlabeled"


def test_own_classes(tmp_path):
    rooms = read_classes(write_rooms(tmp_path))
    assert rooms.names == ("floor", "wall", "door", "void")
    assert (rooms.unlabeled, rooms.codes) == (
        3,
        {0: 0, 1: 1, 7: 1, 2: 2, 255: 3},
    )
    two = from_record({"classes": ROOMS["classes"][:2]})
    assert two.names == ("floor", "wall", "unlabeled")
    assert two.unlabeled == 2 and 2 not in two.codes
    assert two.colors[2] == (0, 0, 0)


def test_a_black_class_stays_one_where_none_is_ignored(tmp_path):
    masks = from_record(
        {
            "classes": [
                {"name": "background", "color": [0, 0, 0]},
                {"name": "thing", "color": [255, 255, 255]},
            ]
        }
    )
    assert len(set(masks.colors)) == 3
    assert from_record(masks.record) == masks
    pixels = np.array([[0, 255]], np.uint8)
    for name, saved in (("a", pixels), ("b", np.dstack([pixels] * 3))):
        path = save(tmp_path / f"{name}.png", saved)
        np.testing.assert_array_equal(read_labels(path, masks), [[0, 1]])


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ([], 'no list "classes"'),
        ({"classes": []}, 'no list "classes"'),
        ({"classes": [1, 2]}, "class 0 has no name"),
        ({"classes": [{"name": "a"}]}, "class 'a'.*numbers"),
        (
            {"classes": [{"name": "a", "color": [0, 0, 256]}]},
            "256 is no number from 0 to 255",
        ),
        ({"classes": ROOMS["classes"][:1] * 2}, "class 1 has no name, or ano"),
        (
            {
                "classes": [
                    *ROOMS["classes"],
                    {"name": "x", "color": [1, 2, 3], "ids": [7]},
                ]
            },
            "class 'x': 7 is 'wall' already",
        ),
        ({"classes": ROOMS["classes"][:1]}, "names 1 classes"),
        (
            {"classes": [c | {"ignored": True} for c in ROOMS["classes"]]},
            "more than one class is ignored",
        ),
        (ROOMS | {"ignored_ids": [255]}, "'ignored_ids' is none of name,"),
        (
            {"classes": [{"name": "a", "color": [1, 2, 3], "id": [7]}]},
            "class 'a': 'id' is none of name, color, ids",
        ),
        (
            {
                "classes": [
                    *ROOMS["classes"],
                    {"name": "x", "color": [1, 2, 3], "ids": [-1]},
                ]
            },
            "class 'x': 255 is 'void' already",
        ),
        (
            {
                "classes": [
                    {"name": "a", "color": [1, 2, 3], "ignored": "no"},
                ]
            },
            "class 'a': \"ignored\" is neither true nor false",
        ),
    ],
)
def test_a_list_that_makes_no_sense_says_why(tmp_path, record, message):
    path = tmp_path / "x.json"
    path.write_text(json.dumps(record))
    with pytest.raises(UserError, match=f"--classes: .*x.json: .*{message}"):
        read_classes(path)


def test_no_such_list_names_those_that_ship(tmp_path):
    for source in ("camvid32", tmp_path / "none.json"):
        with pytest.raises(UserError, match="camvid_32, cityscapes"):
            read_classes(source)
    for text, message in (("{", "Expecting"), (100_000 * "[", "recursion")):
        (tmp_path / "x.json").write_text(text)
        with pytest.raises(UserError, match=f"x.json: .*{message}"):
            read_classes(tmp_path / "x.json")


def test_the_original_camvids_32_colours_become_11(tmp_path):
    classes = read_classes("camvid_32")
    assert classes.names == CAMVID.names
    assert len(classes.colors) + len(classes.aliases) == 32 + 1
    colors = {
        (0, 0, 192): "pavement",
        (128, 0, 192): "road",
        (64, 192, 0): "building",
        (192, 0, 192): "bicyclist",
        (64, 128, 192): "car",
        (0, 0, 0): "unlabeled",
        (128, 128, 128): "sky",
    }
    pixels = np.array([list(colors)] * 2, np.uint8)
    labels = read_labels(save(tmp_path / "a.png", pixels), classes)
    wanted = [classes.index(name) for name in colors.values()]
    np.testing.assert_array_equal(labels, [wanted] * 2)
    # As its authors name the files.
    save(tmp_path / "train" / "f.png", np.zeros((2, 7, 3), np.uint8))
    save(tmp_path / "trainannot" / "f_L.png", pixels)
    (pair,) = list_pairs("camvid", tmp_path, "train", classes)
    assert pair.label.name == "f_L.png"
    # The 11-class list, and what to do instead.
    with pytest.raises(UserError, match=r"colour \(0, 0, 192\).*--classes"):
        read_labels(tmp_path / "a.png", CAMVID)


def test_three_equal_channels_are_colours_where_they_can_be(tmp_path):
    ids = np.array([[0, 1, 2], [5, 8, 11]], np.uint8)
    path = save(tmp_path / "a.png", np.stack([ids] * 3, axis=-1))
    np.testing.assert_array_equal(read_labels(path, CAMVID), ids)
    # Sky is gray in CamVid's colours, unlabelled is black.
    gray = np.array([[128, 0]], np.uint8)
    path = save(tmp_path / "b.png", np.stack([gray] * 3, axis=-1))
    np.testing.assert_array_equal(
        read_labels(path, CAMVID), [[CAMVID.index("sky"), CAMVID.unlabeled]]
    )
    # A frame in colours that nobody labelled, and one whose ids are all 0.
    black = np.zeros((2, 3), np.uint8)
    path = save(tmp_path / "c.png", np.stack([black] * 3, axis=-1))
    for name in ("camvid", "camvid_32"):
        classes = read_classes(name)
        assert (read_labels(path, classes) == classes.unlabeled).all()
    path = save(tmp_path / "d.png", black)
    assert (read_labels(path, CAMVID) == CAMVID.index("sky")).all()


def test_ignored_ids_are_ignored_and_others_say_what_to_do(tmp_path):
    path = save(tmp_path / "a.png", np.array([[0, 7, 255]], np.uint8))
    rooms = read_classes(write_rooms(tmp_path))
    np.testing.assert_array_equal(read_labels(path, rooms), [[0, 1, 3]])
    with pytest.raises(
        UserError, match='a.png: holds the label 255 in 1 pixels.*"ids"'
    ):
        read_labels(path, CAMVID)


def test_cityscapes_ids_of_both_kinds(tmp_path):
    ids = np.array([[7, 33, 0, 255]], np.uint8)
    train_ids = np.array([[0, 18, 255, 255]], np.uint8)
    photo = np.zeros((1, 4, 3), np.uint8)
    save(tmp_path / "leftImg8bit/val/bonn/x_leftImg8bit.png", photo)
    folder = tmp_path / "gtFine" / "val" / "bonn"
    save(folder / "x_gtFine_labelTrainIds.png", train_ids)
    with pytest.raises(UserError, match="--classes=cityscapes_train_ids"):
        list_pairs("cityscapes", tmp_path, "val")
    save(folder / "x_gtFine_labelIds.png", ids)
    for name in (None, "cityscapes_train_ids"):
        classes = read_classes(name) if name else CITYSCAPES
        ((_, labels),) = Frames(
            "cityscapes", tmp_path, "val", 1, 4, classes=classes
        )
        np.testing.assert_array_equal(labels, [[1, 19, 0, 0]])


def test_frames_without_a_label_are_an_error(tmp_path):
    for index in range(2):
        photo = np.full((8, 8, 3), 100, np.uint8)
        save(tmp_path / "train" / f"{index}.png", photo)
        labels = np.full((8, 8), 11, np.uint8)
        save(tmp_path / "trainannot" / f"{index}.png", labels)
    frames = Frames("camvid", tmp_path, "train", 8, 8, cache=False)
    with pytest.raises(UserError, match="trainannot: all pixels of its 2"):
        frames.check_labelled([11])
    frames.check_labelled([])
    labels[0, 0] = 3
    save(tmp_path / "trainannot" / "1.png", labels)
    frames.check_labelled([11])


def test_classes_of_another_network_are_refused():
    rooms = from_record(ROOMS)
    check_same(CAMVID, read_classes("camvid_32"), "--classes=camvid_32")
    with pytest.raises(
        UserError, match="--classes=r.*floor.*sky.*train_victim"
    ):
        check_same(CAMVID, rooms, "--classes=r")


def test_gray_photos_are_counted_and_said_once(capsys):
    grays = GrayCount()
    grays.tell()
    assert not capsys.readouterr().err
    grays.add(np.full((4, 4, 3), 7, np.uint8))
    grays.add(np.dstack([np.full((4, 4), v, np.uint8) for v in (1, 2, 3)]))
    grays.tell()
    err = capsys.readouterr().err
    assert (
        err.startswith("warning: 1 of 2 photos are gray")
        and err.count("\n") == 1
    )
