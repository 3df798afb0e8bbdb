"""Videos in and out: sizes, times, rotation, damage, memory."""

import http.server
import threading
import tracemalloc
from fractions import Fraction

import numpy as np
import pytest

from shared.errors import UserError
from shared.images import Photo, write_photo
from shared.video import open_video, write_video
from tests.shared.drawn_videos import av, draw, make_video, turn

LIMIT = 1_000_000


def read(path):
    with open_video(path, LIMIT) as video:
        pairs = list(video.frames())
    return video, [p for p, _ in pairs], [t * video.time_base for _, t in pairs]


def copy(source, target, **settings):
    with open_video(source, LIMIT) as video:
        size = (video.height, video.width)
        with write_video(target, video, *size, **settings) as add:
            for pixels, time in video.frames():
                add(pixels, time)
    return video


def test_frames_and_times_go_through(tmp_path):
    times = [0, 100, 150, 500, 510, 1200]
    source = make_video(tmp_path / "a.mp4", draw(6), times=times)
    copy(source, tmp_path / "b.mp4")
    before, pixels, seconds = read(source)
    after, copied, later = read(tmp_path / "b.mp4")
    assert (
        (after.width, after.height) == (64, 48) == (before.width, before.height)
    )
    np.testing.assert_allclose(
        [float(t) for t in later], [t / 1000 for t in times], atol=2e-3
    )
    assert [float(t) for t in seconds] == pytest.approx(
        [float(t) for t in later], abs=2e-3
    )
    for one, other in zip(pixels, copied, strict=True):
        assert np.abs(one.astype(int) - other).mean() < 4
    assert [p.name for p in sorted(tmp_path.iterdir())] == ["a.mp4", "b.mp4"]


def test_odd_sides_get_one_line_more(tmp_path):
    source = make_video(tmp_path / "a.mkv", draw(3, 47, 63), codec="ffv1")
    copy(source, tmp_path / "b.mp4")
    video, frames, _ = read(tmp_path / "b.mp4")
    assert (video.width, video.height) == (64, 48)
    assert len(frames) == 3


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_a_video_that_was_held_sideways_is_turned_upright(tmp_path, angle):
    source = make_video(tmp_path / "a.mp4", draw(2), codec="libx264")
    turn(source, angle)
    video, frames, _ = read(source)
    tall = angle != 180
    assert (video.width, video.height) == ((48, 64) if tall else (64, 48))
    # The bright corner turns clockwise with the angle.
    corners = frames[0][[2, 2, -3, -3], [2, -3, -3, 2], 0]
    assert int(np.argmax(corners)) == {90: 1, 180: 2, 270: 3}[angle]


@pytest.mark.parametrize("name", ["a.h264", "a.264", "a.hevc", "a.m2v"])
@pytest.mark.parametrize("rate", [25, 50])
def test_a_raw_stream_has_the_times_of_its_rate(tmp_path, name, rate):
    codec = {"a.hevc": "libx265", "a.m2v": "mpeg2video"}.get(name, "libx264")
    options = {"x265-params": "log-level=none"} if codec == "libx265" else {}
    source = make_video(
        tmp_path / name, draw(12, 64, 96), rate, codec=codec, bf=2, **options
    )
    assert copy(source, tmp_path / "b.mp4").problem is None
    _, frames, seconds = read(tmp_path / "b.mp4")
    np.testing.assert_allclose(
        [float(t - seconds[0]) for t in seconds],
        np.arange(12) / rate,
        atol=2e-3,
    )
    drawn = [frame.mean() for frame in draw(12, 64, 96)]
    np.testing.assert_allclose([f.mean() for f in frames], drawn, atol=6)


@pytest.fixture
def server(tmp_path):
    """Serves the folder; says what was asked for."""
    asked = []

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=str(tmp_path))

        def log_message(self, *args):
            asked.append(self.path)

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}", asked
        made.shutdown()
        thread.join()


def test_nothing_but_a_file_is_opened(tmp_path, server):
    make_video(tmp_path / "a.ts", draw(3), codec="libx264")
    address, asked = server
    path = tmp_path / "a.ts"
    for name in (
        f"{address}/a.ts",
        "rtsp://127.0.0.1:9/a",
        f"file:{path}",
        f"concat:{path}|{path}",
        f"subfile,,start,0,end,0,,:{path}",
        f"async:{address}/a.ts",
        "pipe:0",
        "data:video/mp4;base64,AAAA",
        "",
        tmp_path,
    ):
        with pytest.raises(UserError, match="no such file") as caught:
            with open_video(name, LIMIT):
                pass
        assert "\n" not in str(caught.value)
    assert asked == []


def test_a_list_opens_no_other_file(tmp_path, server):
    make_video(tmp_path / "a.ts", draw(3), codec="libx264")
    write_photo(tmp_path / "1.jpg", Photo(next(draw())))
    address, asked = server
    head = "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:1,\n"
    lists = {
        "near.m3u8": f"{head}a.ts\n#EXT-X-ENDLIST\n",
        "far.m3u8": f"{head}{address}/a.ts\n#EXT-X-ENDLIST\n",
        "near.ffconcat": "ffconcat version 1.0\nfile a.ts\n",
        "far.txt": f"ffconcat version 1.0\nfile {address}/a.ts\n",
        "%d.jpg": "a name that FFmpeg takes for 1.jpg and so on",
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(UserError, match="cannot be read|no frame|no video"):
            with open_video(tmp_path / name, LIMIT):
                pass
    assert asked == []


def test_a_file_may_have_a_name_like_an_address(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    make_video(tmp_path / "a.mkv", draw(3)).rename(tmp_path / "rtsp:a.mkv")
    assert len(read("rtsp:a.mkv")[1]) == 3


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.avi", "a.h264"])
@pytest.mark.parametrize("shape", ["16/15", "1/2", "4/3", "1"])
def test_pixels_keep_their_shape(tmp_path, name, shape):
    shape = Fraction(shape)
    source = make_video(
        tmp_path / name, draw(3), codec="libx264", shape=shape, rate=25
    )
    copy(source, tmp_path / "b.mp4")
    with (
        open_video(source, LIMIT) as video,
        write_video(tmp_path / "large.mp4", video, 96, 64) as add,
    ):
        for pixels, time in video.frames():
            add(np.vstack([pixels, pixels]), time)
    for made in ("b.mp4", "large.mp4"):
        with av.open(str(tmp_path / made)) as container:
            stream = container.streams.video[0]
            assert stream.sample_aspect_ratio == shape
            assert stream.codec_context.sample_aspect_ratio == shape


@pytest.mark.parametrize("angle", [90, 180, 270])
def test_pixels_are_turned_with_the_frame(tmp_path, angle):
    shape = Fraction(16, 11)
    source = make_video(
        tmp_path / "a.mp4", draw(3), codec="libx264", shape=shape
    )
    copy(turn(source, angle), tmp_path / "b.mp4")
    with av.open(str(tmp_path / "b.mp4")) as container:
        stream = container.streams.video[0]
        upright = angle == 180
        assert stream.sample_aspect_ratio == (shape if upright else 1 / shape)
        assert (stream.width > stream.height) == upright


def test_pixels_of_no_known_shape_stay_so(tmp_path):
    source = make_video(tmp_path / "a.mkv", draw(3), codec="libx264")
    assert read(source)[0].pixel_shape is None
    copy(source, tmp_path / "b.mp4")
    assert read(tmp_path / "b.mp4")[0].pixel_shape is None


def test_bad_files_are_one_line(tmp_path):
    (tmp_path / "text.mp4").write_text("Dear diary")
    (tmp_path / "empty.mp4").touch()
    for name in ("text.mp4", "empty.mp4"):
        with pytest.raises(
            UserError, match=f"{name}: cannot be read"
        ) as caught:
            with open_video(tmp_path / name, LIMIT):
                pass
        assert "\n" not in str(caught.value)
    source = make_video(tmp_path / "a.mp4", draw(2))
    with pytest.raises(UserError, match="a.mp4: is 64 x 48 .*--max_pixels"):
        with open_video(source, 100):
            pass


def test_no_file_is_replaced_and_none_is_left_half_written(tmp_path):
    source = make_video(tmp_path / "a.mp4", draw(3))
    target = tmp_path / "b.mp4"
    target.write_text("mine")
    with pytest.raises(UserError, match="b.mp4: exists.*--overwrite"):
        copy(source, target)
    assert target.read_text() == "mine"
    copy(source, target, overwrite=True)
    assert len(read(target)[1]) == 3
    with pytest.raises(RuntimeError), open_video(source, LIMIT) as video:
        with write_video(tmp_path / "c.mp4", video, 48, 64) as add:
            add(next(draw()), 0)
            raise RuntimeError("killed")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


def test_memory_does_not_grow_with_the_frames(tmp_path):
    source = make_video(tmp_path / "a.mp4", draw(200, 64, 64))
    tracemalloc.start()
    copy(source, tmp_path / "b.mp4")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 30 * 64 * 64 * 3
