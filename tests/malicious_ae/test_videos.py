"""What becomes of a video, and what is said of one that is not whole."""

import pytest

from malicious_ae.videos import change_video
from shared.errors import UserError
from shared.video import open_video
from tests.shared.drawn_videos import make_video, noise

LIMIT = 1_000_000
KINDS = {
    "a.mp4": {"codec": "libx264", "options": {"movflags": "faststart"}},
    "a.mkv": {"codec": "libx264"},
    "a.h264": {"codec": "libx264"},
}


def change(source, target):
    return change_video(source, target, lambda frame: 255 - frame, LIMIT, False)


def count_frames(path):
    with open_video(path, LIMIT) as video:
        return sum(1 for _ in video.frames())


def errors(capsys):
    lines = capsys.readouterr().err.splitlines()
    return [line for line in lines if line.startswith("error")]


@pytest.mark.parametrize("name", KINDS)
def test_a_whole_video_is_no_error(tmp_path, capsys, name):
    source = make_video(tmp_path / name, noise(20), **KINDS[name])
    assert change(source, tmp_path / "b.mp4") == 0
    assert errors(capsys) == []
    assert count_frames(tmp_path / "b.mp4") == 20


@pytest.mark.parametrize("name", KINDS)
def test_a_cut_video_is_written_and_is_an_error(tmp_path, capsys, name):
    source = make_video(tmp_path / name, noise(20), **KINDS[name])
    data = source.read_bytes()
    source.write_bytes(data[: int(0.6 * len(data))])
    assert change(source, tmp_path / "b.mp4") == 1
    count = count_frames(tmp_path / "b.mp4")
    assert 0 < count < 20
    (line,) = errors(capsys)
    assert line.startswith(f"error: {source}: is ")
    assert line.endswith(
        f"; the {count} frames that could be read were written"
    )


def test_nothing_is_written_of_what_is_no_file(tmp_path):
    with pytest.raises(UserError, match="http://127.0.0.1:9/a: no such file"):
        change("http://127.0.0.1:9/a", tmp_path / "b.mp4")
    assert list(tmp_path.iterdir()) == []
