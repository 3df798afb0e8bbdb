"""Videos in and out: sizes, times, rotation, damage, memory."""

import tracemalloc
from fractions import Fraction

import numpy as np
import pytest

from shared.errors import UserError
from shared.video import open_video, write_video

av = pytest.importorskip("av")

LIMIT = 1_000_000


def draw(count=12, height=48, width=64):
    """Frames whose brightness says which they are."""
    for index in range(count):
        frame = np.full((height, width, 3), 10 + 15 * (index % 16), np.uint8)
        frame[: height // 2, : width // 2, 0] = 250
        yield frame


def make_video(
    path,
    frames,
    rate=10,
    times=None,
    codec="mpeg4",
    sound=None,
    seconds=0,
    aspect=None,
    options=None,
):
    with av.open(str(path), "w", options=options or {}) as container:
        stream = speech = None
        for index, pixels in enumerate(frames):
            if stream is None:
                stream = container.add_stream(codec, rate=rate)
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = "yuv420p"
                # AVI knows no times: it counts.
                ticks = rate if path.suffix == ".avi" else 1000
                stream.codec_context.time_base = Fraction(1, ticks)
                if aspect:
                    stream.codec_context.sample_aspect_ratio = aspect
                if sound:
                    speech = container.add_stream(sound, rate=48000)
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = times[index] if times else index * 1000 // rate
            frame.time_base = Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        for start in range(0, 48000 * seconds, 960):
            samples = np.zeros((1, 960), np.float32)
            frame = av.AudioFrame.from_ndarray(samples, "flt", "mono")
            frame.sample_rate, frame.pts = 48000, start
            container.mux(speech.encode(frame))
        if speech:
            container.mux(speech.encode())
    return path


def turn(path, angle):
    """Has players turn an MP4 to the left: the matrix of its track header."""
    data = bytearray(path.read_bytes())
    at = data.rindex(b"tkhd") + 4 + 40
    one = 0x10000
    a, b = {90: (0, one), 180: (-one, 0), 270: (0, -one)}[angle]
    matrix = [a, b, 0, -b, a, 0, 0, 0, 1 << 30]
    data[at : at + 36] = b"".join(
        value.to_bytes(4, "big", signed=True) for value in matrix
    )
    path.write_bytes(data)


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


KINDS = {
    "a.mp4": ("libx264", {"movflags": "faststart"}),
    "a.mkv": ("libx264", {}),
    "b.mkv": ("ffv1", {}),
    "a.webm": ("libvpx-vp9", {}),
    "a.avi": ("mpeg4", {}),
    "a.mov": ("mpeg4", {"movflags": "faststart"}),
    "fragments.mp4": ("libx264", {"movflags": "frag_keyframe+empty_moov"}),
}


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("times", [None, "varied"])
@pytest.mark.parametrize("sound", [0, 6])
def test_whole_videos_have_no_problem_and_those_cut_short_do(
    tmp_path, name, times, sound
):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (40, 48, 64, 3)).astype(np.uint8)
    if times:
        times = np.cumsum(rng.choice([100, 200, 500], 40)).tolist()
    codec, options = KINDS[name]
    source = make_video(
        tmp_path / name,
        noise,
        times=times,
        codec=codec,
        # WebM and Matroska take what the others cannot.
        sound=sound and {"a.webm": "libopus"}.get(name, "aac"),
        seconds=sound,
        options=options,
    )
    video, frames, _ = read(source)
    assert video.problem is None and len(frames) == 40
    data = source.read_bytes()
    for share in (0.6, 0.9):
        source.write_bytes(data[: int(share * len(data))])
        video = copy(source, tmp_path / "b.mp4", overwrite=True)
        _, frames, _ = read(tmp_path / "b.mp4")
        assert 0 < len(frames) <= 40
        assert "cut short" in video.problem or "damaged" in video.problem


def test_a_raw_stream_has_no_times_and_is_read(tmp_path):
    source = make_video(tmp_path / "a.h264", draw(9), codec="libx264")
    video, frames, times = read(source)
    assert (len(frames), video.problem) == (9, None)
    assert (np.diff([float(time) for time in times]) > 0).all()
    copy(source, tmp_path / "b.mp4")
    assert len(read(tmp_path / "b.mp4")[1]) == 9


@pytest.mark.parametrize("angle", [0, 90])
def test_pixels_that_are_not_square_stay_so(tmp_path, angle):
    source = make_video(
        tmp_path / "a.mp4", draw(2), codec="libx264", aspect=Fraction(16, 11)
    )
    if angle:
        turn(source, angle)
    video = copy(source, tmp_path / "b.mp4")
    aspect = Fraction(11, 16) if angle else Fraction(16, 11)
    assert video.pixel_aspect == aspect
    assert read(tmp_path / "b.mp4")[0].pixel_aspect == aspect


def test_only_files_are_read_and_no_file_leads_elsewhere(tmp_path):
    source = make_video(tmp_path / "a.ts", draw(3), codec="libx264")
    for address in (
        "http://localhost:9/a.mp4",
        f"concat:{source}|{source}",
        "pipe:0",
        f"file:{source}",
        str(tmp_path),
    ):
        with pytest.raises(UserError, match="no such file"):
            read(address)
    lists = {
        "a.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n"
        "#EXT-X-ENDLIST\n",
        "b.ffconcat": "ffconcat version 1.0\nfile a.ts\n",
    }
    for name, text in lists.items():
        (tmp_path / name).write_text(text)
        with pytest.raises(UserError, match=f"{name}: cannot be read"):
            read(tmp_path / name)
    # A name that looks like an address is a name.
    odd = source.rename(tmp_path / "http:a.ts")
    assert len(read(odd)[1]) == 3


def test_a_hole_is_a_problem(tmp_path):
    rng = np.random.default_rng(0)
    noise = (
        rng.integers(0, 255, (96, 96, 3)).astype(np.uint8) for _ in range(9)
    )
    source = make_video(tmp_path / "a.mp4", noise, codec="libx264")
    data = bytearray(source.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 3000] = bytes(3000)
    source.write_bytes(data)
    video, frames, _ = read(source)
    assert len(frames) <= 9
    with open_video(source, LIMIT) as again:
        assert again.width == 96


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
