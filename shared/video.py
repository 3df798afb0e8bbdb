"""Videos in and out, frame by frame, by PyAV (FFmpeg).

PyAV is one package more than photos need: `pip install av`.
"""

import contextlib
import dataclasses
import os
from fractions import Fraction

import numpy as np

from shared.errors import UserError
from shared.outputs import file_in_making
from shared.video_files import is_cut_short

# Of two frames without a time, the second comes so long after the first.
_USUAL_RATE = Fraction(25)
# H.264's constant quality: 18 is called visually lossless.
_QUALITY = "18"
# FFmpeg's names of the formats that say in their head how long they last. The
# durations of others are guesses, or are checked by their index.
_TIMED = ("matroska,webm", "flv", "asf", "ivf", "mxf")
_INDEXED = "mov,mp4,m4a,3gp,3g2,mj2"
# How much a whole video may lack of what it says: frames, and seconds.
_FRAMES_OFF = 2
_SECONDS_OFF = Fraction(1, 4)


def _import_av():
    try:
        import av
    except ImportError:
        raise UserError(
            "videos need one package more: pip install av"
        ) from None
    # What FFmpeg has to say about a bad file, we say in one line ourselves.
    av.logging.set_level(av.logging.PANIC)
    return av


def _reason(error):
    return getattr(error, "strerror", None) or str(error).splitlines()[0]


@dataclasses.dataclass
class Video:
    """A video that is being read.

    Attributes:
        width, height: int, pixels of the upright frames.
        rate: Fraction, frames a second on average.
        time_base: Fraction, seconds that a frame's time is counted in.
        count: int, frames that the file says it has, 0 if it does not say.
        sound: bool, whether there is sound, which is not read.
        pixel_shape: Fraction, width of an upright frame's pixels by their
            height, or None if the file does not say.
        problem: str, why frames are missing or broken, or None.
    """

    path: str
    width: int
    height: int
    rate: Fraction
    time_base: Fraction
    count: int
    sound: bool
    pixel_shape: Fraction | None = None
    problem: str | None = None
    _container: object = None

    def frames(self):
        """Decodes the frames, one after the other, so that memory stays flat.

        Yields:
            (pixels, time): uint8 RGB [height, width, 3]; int, in units of
            `time_base`. What is damaged is passed over, and a frame of
            another size ends it: `problem` says so at the end.
        """
        last, due = -1, 0
        step = max(1, round(1 / self.rate / self.time_base))
        packets = _Packets(self._container)
        for frame in packets.frames():
            pixels = _upright(frame)
            if pixels.shape[:2] != (self.height, self.width):
                height, width = pixels.shape[:2]
                self.problem = f"its size changes to {width} x {height}"
                return
            time = frame.pts if frame.pts is not None else due
            if time <= last:
                time = due
            last, due = time, time + step
            yield pixels, time
        if is_cut_short(self.path) or packets.end_early(self.rate):
            self.problem = "is cut short"
        elif packets.damage:
            self.problem = f"is damaged: {packets.damage}"


class _Packets:
    """What a container holds, with an account of what is wrong with it.

    Attributes:
        damage: str, what FFmpeg said first, or None.
    """

    def __init__(self, container):
        self.damage = None
        self._container = container
        self._stream = container.streams.video[0]
        self._count = 0
        # Of all streams: the file lasts as long as its longest.
        self._end = 0

    def frames(self):
        """Yields the frames of the video that can be decoded."""
        error_kind = _import_av().error.FFmpegError
        packets = self._container.demux()
        while True:
            try:
                packet = next(packets)
            except StopIteration:
                return
            except error_kind as error:
                self._damaged(_reason(error))
                return
            if packet.pts is not None:
                end = packet.pts + (packet.duration or 0)
                self._end = max(self._end, end * packet.time_base)
            if packet.stream is not self._stream:
                continue
            self._count += packet.size > 0
            if packet.is_corrupt:
                self._damaged("a frame is incomplete")
            try:
                frames = packet.decode()
            except error_kind as error:
                self._damaged(_reason(error))
                continue
            for frame in frames:
                if frame.is_corrupt:
                    self._damaged("a frame is incomplete")
                yield frame

    def _damaged(self, reason):
        self.damage = self.damage or reason

    def end_early(self, rate):
        """Whether less was there than the file says.

        Args:
            rate: Fraction, frames a second.
        """
        if self._container.format.name == _INDEXED:
            expected = len(self._stream.index_entries)
            return self._count + _FRAMES_OFF < expected
        if self._container.format.name not in _TIMED:
            return False
        slack = max(_SECONDS_OFF, (_FRAMES_OFF + 1) / rate)
        return self._end + slack < self._stated_end()

    def _stated_end(self):
        stream = self._stream
        if stream.duration is not None:
            return ((stream.start_time or 0) + stream.duration) * (
                stream.time_base
            )
        return Fraction(self._container.duration or 0, 1_000_000)


def _turns(frame):
    """Quarters by which a player must turn a frame to the left, 0 to 3."""
    return round(frame.rotation / 90) % 4


def _upright(frame):
    """A frame as it is meant to be seen: uint8 RGB [H, W, 3]."""
    pixels = frame.to_ndarray(format="rgb24")
    turns = _turns(frame)
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


@contextlib.contextmanager
def _open(path):
    """Opens a file for FFmpeg, which itself opens nothing.

    A name could be an address, and what is in a file (a playlist) name others.
    """
    av = _import_av()
    with contextlib.ExitStack() as stack:
        try:
            file = stack.enter_context(open(os.path.abspath(path), "rb"))
            # There is no such protocol: none is allowed.
            container = av.open(file, options={"protocol_whitelist": "none"})
        except (OSError, av.error.FFmpegError, UnicodeError) as error:
            raise _unreadable(path, error) from error
        yield stack.enter_context(container)


def _unreadable(path, error):
    return UserError(f"{path}: cannot be read as a video: {_reason(error)}")


@contextlib.contextmanager
def open_video(path, max_pixels):
    """Opens a video file.

    Args:
        path: file of any format that FFmpeg reads; no address, and no list
            of other files.
        max_pixels: int; a larger frame is refused.

    Yields:
        Video.

    Raises:
        UserError: naming the file, if it is missing, no video, or too large.
    """
    if not os.path.isfile(path):
        raise UserError(f"{path}: no such file")
    # Not every format can go back to its start: it is opened twice.
    with _open(path) as container:
        height, width, turned = _first_size(container, path, max_pixels)
    with _open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        shape = stream.sample_aspect_ratio or None
        # Frames without times come at the rate that the decoder knows.
        rates = (stream.average_rate, stream.guessed_rate, _USUAL_RATE)
        if stream.start_time is None:
            rates = rates[1:]
        yield Video(
            path=str(path),
            width=width,
            height=height,
            rate=Fraction(next(filter(None, rates))),
            time_base=Fraction(stream.time_base or 1 / _USUAL_RATE),
            count=stream.frames,
            sound=bool(container.streams.audio),
            pixel_shape=1 / shape if shape and turned else shape,
            _container=container,
        )


def _first_size(container, path, max_pixels):
    """Height and width of the first upright frame, whether it lay on a side."""
    if not container.streams.video:
        raise UserError(f"{path}: holds no video")
    stream = container.streams.video[0]
    if stream.width * stream.height > max_pixels:
        raise UserError(
            f"{path}: is {stream.width} x {stream.height} pixels, more "
            f"than the {max_pixels} that --max_pixels allows"
        )
    packets = _Packets(container)
    for frame in packets.frames():
        return *_upright(frame).shape[:2], _turns(frame) % 2 == 1
    reason = f" ({packets.damage})" if packets.damage else ""
    raise UserError(f"{path}: holds no frame that can be read{reason}")


@contextlib.contextmanager
def write_video(path, video, height, width, overwrite=False):
    """Writes an H.264 video with the times and pixel shape of another one.

    Args:
        path: .mp4 file, which appears when all is written.
        video: Video that gives the times, and the shape of the pixels
            whatever the size of the frames.
        height, width: int, of its frames; an odd side gets one line more,
            since H.264 players want even ones.
        overwrite: bool, whether a file that is there is replaced.

    Yields:
        Function of (pixels uint8 [height, width, 3], time), which adds a
        frame.

    Raises:
        UserError: naming the file, if it exists or cannot be written.
    """
    av = _import_av()
    with file_in_making(path, overwrite) as part:
        try:
            with av.open(str(part), "w", format="mp4") as container:
                stream = container.add_stream("libx264", rate=video.rate)
                stream.width, stream.height = (
                    width + width % 2,
                    height + height % 2,
                )
                stream.pix_fmt = "yuv420p"
                stream.options = {"crf": _QUALITY}
                stream.codec_context.time_base = video.time_base
                if video.pixel_shape:
                    stream.codec_context.sample_aspect_ratio = video.pixel_shape

                def add(pixels, time):
                    pixels = np.pad(
                        pixels,
                        ((0, height % 2), (0, width % 2), (0, 0)),
                        "edge",
                    )
                    frame = av.VideoFrame.from_ndarray(pixels, format="rgb24")
                    frame.pts, frame.time_base = time, video.time_base
                    container.mux(stream.encode(frame))

                yield add
                container.mux(stream.encode())
        except av.error.FFmpegError as error:
            raise UserError(
                f"{path}: cannot be written: {_reason(error)}"
            ) from error
