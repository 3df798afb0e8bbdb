"""Small videos of every kind that tests need, made by PyAV."""

from fractions import Fraction

import numpy as np
import pytest

av = pytest.importorskip("av")

MILLISECOND = Fraction(1, 1000)
FORMATS = {"gif": "rgb8", "mjpeg": "yuvj420p"}


def draw(count=12, height=48, width=64):
    """Frames whose brightness says which they are."""
    for index in range(count):
        frame = np.full((height, width, 3), 10 + 15 * (index % 16), np.uint8)
        frame[: height // 2, : width // 2, 0] = 250
        yield frame


def noise(count, height=48, width=64):
    """Frames that cannot be compressed, so that every part of a file counts."""
    rng = np.random.default_rng(0)
    for _ in range(count):
        yield rng.integers(0, 255, (height, width, 3)).astype(np.uint8)


def make_video(
    path,
    frames,
    rate=10,
    times=None,
    codec="mpeg4",
    sound=None,
    shape=None,
    options=(),
    **settings,
):
    """Writes a video.

    Args:
        times: of the frames, ms; evenly spaced if None.
        sound: codec and seconds of silence, or None.
        shape: Fraction, width of a pixel by its height.
        options: dict, of the container.
        settings: of the codec.
    """
    with av.open(str(path), "w", options=dict(options)) as container:
        stream = silence = None
        for index, pixels in enumerate(frames):
            if stream is None:
                stream = container.add_stream(codec, rate=rate)
                stream.height, stream.width = pixels.shape[:2]
                stream.pix_fmt = FORMATS.get(codec, "yuv420p")
                stream.options = {k: str(v) for k, v in settings.items()}
                if shape:
                    stream.codec_context.sample_aspect_ratio = shape
                if times:
                    stream.codec_context.time_base = MILLISECOND
                if sound:
                    silence = container.add_stream(sound[0], rate=48000)
                    silence.layout = "stereo"
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
            frame.pts = times[index] if times else index
            frame.time_base = MILLISECOND if times else 1 / Fraction(rate)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
        if silence:
            container.mux(silent_packets(silence, sound[1]))
    return path


def silent_packets(stream, seconds):
    """Packets of an audio stream."""
    for start in range(0, seconds * 48000, 960):
        frame = av.AudioFrame.from_ndarray(
            np.zeros((2, 960), np.float32), format="fltp", layout="stereo"
        )
        frame.sample_rate, frame.pts = 48000, start
        frame.time_base = Fraction(1, 48000)
        yield from stream.encode(frame)
    yield from stream.encode()


def turn(path, angle):
    """Writes into an .mp4 how a phone was held: 90, 180 or 270 degrees."""
    data = bytearray(path.read_bytes())
    # The matrix of the track header ("tkhd"): what phones write.
    at = data.rindex(b"tkhd") + 4 + 40
    one = 0x10000
    a, b = {90: (0, one), 180: (-one, 0), 270: (0, -one)}[angle]
    matrix = [a, b, 0, -b, a, 0, 0, 0, 1 << 30]
    data[at : at + 36] = b"".join(
        value.to_bytes(4, "big", signed=True) for value in matrix
    )
    path.write_bytes(data)
    return path
