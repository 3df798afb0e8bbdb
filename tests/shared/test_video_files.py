"""Videos that are cut short or damaged say so; whole ones of any kind do not.

Each kind of file has a test of its own: what tells the two apart differs.
"""

import numpy as np
import pytest

from shared.video import open_video
from shared.video_files import is_cut_short
from tests.shared.drawn_videos import make_video, noise

LIMIT = 1_000_000
COUNT = 24
UNEVEN = [int(t) for t in np.cumsum(np.arange(1, COUNT + 1) * 17 % 190 + 10)]
FAST = {"movflags": "faststart"}
PIECES = {"movflags": "frag_keyframe+empty_moov"}
H264 = {"codec": "libx264"}
AAC = ("aac", 5)
KINDS = {
    "moov_first.mp4": {**H264, "bf": 3, "options": FAST, "sound": AAC},
    "uneven.mp4": {**H264, "bf": 3, "options": FAST, "times": UNEVEN},
    "pieces.mp4": {**H264, "g": 5, "options": PIECES},
    "mjpeg.mov": {"codec": "mjpeg", "options": FAST},
    "sound.mkv": {**H264, "bf": 3, "sound": ("libmp3lame", 5)},
    "uneven.mkv": {**H264, "bf": 3, "times": UNEVEN},
    "live.mkv": {**H264, "options": {"live": "1"}},
    "vp9.webm": {"codec": "libvpx-vp9", "sound": ("libopus", 5)},
    "hidden_frames.webm": {"codec": "libvpx", "auto-alt-ref": 1},
    "xvid.avi": {"bf": 2, "sound": ("libmp3lame", 3)},
    "h264.avi": {**H264, "bf": 2},
    "animated.gif": {"codec": "gif"},
    "broadcast.ts": {**H264, "bf": 3, "sound": AAC},
    "camera.m2ts": {**H264, "bf": 3},
    "dvd.mpg": {"codec": "mpeg2video", "bf": 2, "rate": 25},
    "stream.flv": {**H264, "bf": 2, "sound": AAC},
    "windows.wmv": {"codec": "wmv2"},
    "vp8.ivf": {"codec": "libvpx"},
    "raw.h264": {**H264, "bf": 3},
}


def make(path):
    return make_video(path, noise(COUNT), **KINDS[path.name])


def read(path):
    """How many frames there are, and the problem."""
    with open_video(path, LIMIT) as video:
        return sum(1 for _ in video.frames()), video.problem


@pytest.mark.parametrize("name", KINDS)
def test_a_whole_video_is_whole(tmp_path, name):
    assert read(make(tmp_path / name)) == (COUNT, None)


@pytest.mark.parametrize("name", KINDS)
def test_a_video_that_is_cut_short_says_so(tmp_path, name):
    path = make(tmp_path / name)
    data = path.read_bytes()
    # MPEG-TS may end with any packet: the cut is within one.
    path.write_bytes(data[: int(0.6 * len(data)) // 192 * 192 + 100])
    count, problem = read(path)
    assert 0 < count < COUNT
    # What has no length shows it by the frame that the cut goes through.
    assert problem and problem.startswith(("is cut short", "is damaged: a fr"))


# What says how much it holds, be it there or zeros.
SAYING = (".mp4", ".mov", "sound.mkv", "uneven.mkv", ".webm", ".flv", ".wmv")


@pytest.mark.parametrize(
    "name", [n for n in KINDS if n.endswith(SAYING) and n != "pieces.mp4"]
)
def test_an_end_that_was_never_filled_is_missing(tmp_path, name):
    path = make(tmp_path / name)
    data = path.read_bytes()
    kept = int(0.6 * len(data))
    path.write_bytes(data[:kept] + bytes(len(data) - kept))
    assert read(path)[1]


@pytest.mark.parametrize("name", ["slides.mp4", "slides.mkv", "slides.flv"])
def test_slides_that_stand_long_are_whole(tmp_path, name):
    path = tmp_path / name
    make_video(path, noise(4), times=[0, 3000, 9000, 20000], **H264)
    assert read(path) == (4, None)


@pytest.mark.parametrize("name", ["one.mp4", "one.mkv", "one.gif", "one.ts"])
def test_one_frame_is_whole(tmp_path, name):
    codec = "gif" if name.endswith("gif") else "libx264"
    path = make_video(tmp_path / name, noise(1), codec=codec)
    assert read(path) == (1, None)


def test_what_an_edit_leaves_out_is_not_missing(tmp_path):
    path = make(tmp_path / "moov_first.mp4")
    data = bytearray(path.read_bytes())
    # The edit list: version, count, duration, then where the video starts.
    at = data.index(b"elst") + 4 + 4 + 4 + 4
    start = int.from_bytes(data[at : at + 4], "big")
    data[at : at + 4] = (start + 10240).to_bytes(4, "big")
    path.write_bytes(data)
    count, problem = read(path)
    assert 0 < count < COUNT
    assert problem is None


@pytest.mark.parametrize(
    "name", ["moov_first.mp4", "sound.mkv", "live.mkv", "animated.gif"]
)
def test_what_a_camera_appends_is_no_matter(tmp_path, name):
    path = make(tmp_path / name)
    path.write_bytes(path.read_bytes() + b"camera notes" * 50)
    assert read(path) == (COUNT, None)


def test_frames_after_damage_are_read(tmp_path):
    path = make_video(
        tmp_path / "a.mp4", noise(COUNT), codec="libx264", g=1, options=FAST
    )
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    path.write_bytes(data)
    count, problem = read(path)
    assert COUNT - 4 <= count <= COUNT
    assert problem.startswith("is damaged: ")


def test_files_of_no_known_structure_are_not_judged(tmp_path):
    for data in (b"", b"a", b"H" * 400, b"RIFF", b"Dear diary" * 50):
        (tmp_path / "file").write_bytes(data)
        assert not is_cut_short(tmp_path / "file")


@pytest.mark.parametrize(
    "name",
    ["moov_first.mp4", "sound.mkv", "live.mkv", "animated.gif", "xvid.avi"],
)
def test_no_cut_breaks_the_walk_over_the_structure(tmp_path, name):
    path = make(tmp_path / name)
    data = path.read_bytes()
    for kept in [*range(40), *range(40, len(data), 997)]:
        path.write_bytes(data[:kept])
        assert is_cut_short(path) in (True, False)
    path.write_bytes(data)
    assert not is_cut_short(path)
