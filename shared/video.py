"""Videos in and out, frame by frame, by PyAV (FFmpeg).

PyAV is one package more than photos need: `pip install av`.
"""

import contextlib
import dataclasses
from fractions import Fraction
from pathlib import Path

import numpy as np

from shared.errors import UserError
from shared.outputs import file_in_making

SUFFIX = ".mp4"
# Of two frames without a time, the second comes so long after the first.
_USUAL_RATE = Fraction(25)
# H.264's constant quality: 18 is called visually lossless.
_QUALITY = "18"
# FFmpeg reads much that is no video: addresses of the network, lists of other
# files, pipes. These formats hold all of a video in one file.
_FORMATS = (
    "mov,matroska,avi,mpegts,mpeg,mpegvideo,m4v,flv,gif,apng,webp,ogg,asf,mxf,"
    "nut,ivf,h264,hevc,obu,av1,dv,rm,wtv,yuv4mpegpipe,vc1"
)


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
        pixel_aspect: Fraction, width of a pixel to its height; 1 if the file
            does not say.
        problem: str, what ended the reading too early, or None.
    """

    path: str
    width: int
    height: int
    rate: Fraction
    time_base: Fraction
    count: int
    sound: bool
    pixel_aspect: Fraction
    problem: str | None = None
    _container: object = None

    def frames(self):
        """Decodes the frames, one after the other, so that memory stays flat.

        Yields:
            (pixels, time): uint8 RGB [height, width, 3]; int, in units of
            `time_base`. A frame of another size ends it, as does damage: then
            `problem` says what happened.
        """
        av = _import_av()
        last = -1
        step = max(1, round(1 / self.rate / self.time_base))
        extent = _Extent(self._container)
        try:
            for packet in self._container.demux():
                extent.add(packet)
                if packet.stream is not self._container.streams.video[0]:
                    continue
                for frame in packet.decode():
                    pixels = _upright(frame)
                    if pixels.shape[:2] != (self.height, self.width):
                        height, width = pixels.shape[:2]
                        self.problem = f"its size changes to {width} x {height}"
                        return
                    time = frame.pts if frame.pts is not None else last + step
                    if time <= last:
                        time = last + step
                    last = time
                    yield pixels, time
        except av.error.FFmpegError as error:
            self.problem = f"is damaged or cut short: {_reason(error)}"
        if last < 0 and not self.problem:
            self.problem = "holds no frame that can be read"
        self.problem = self.problem or extent.problem()


class _Extent:
    """How much of what a file says it holds was there.

    Some formats end anywhere without an error; then the frames, or the
    seconds, that their head announced are missing. MPEG-TS, ASF and raw
    streams announce nothing: there nobody can tell.
    """

    def __init__(self, container):
        stream = container.streams.video[0]
        self.stream = stream
        # AVI counts those that were dropped, too.
        counts = container.format.name.startswith("mov")
        self.announced = stream.frames if counts else 0
        self.rate = Fraction(stream.average_rate or _USUAL_RATE)
        self.seconds = None
        if container.duration:
            start = container.start_time or 0
            self.seconds = Fraction(container.duration + start, 1_000_000)
        self.packets = 0
        self.end = self.gap = Fraction(0)
        self.corrupt = False

    def add(self, packet):
        """Takes note of a packet of any stream."""
        if packet.dts is None and packet.pts is None:
            return
        self.corrupt = self.corrupt or packet.is_corrupt
        self.packets += packet.stream is self.stream
        time = packet.dts if packet.pts is None else packet.pts
        end = (time + (packet.duration or 0)) * packet.time_base
        self.gap = max(self.gap, end - self.end)
        self.end = max(self.end, end)

    def problem(self):
        """What is missing, or None."""
        if self.packets < self.announced:
            return (
                f"is cut short: {self.packets} of {self.announced} frames are "
                "there"
            )
        # The last frame may say nothing of how long it is shown.
        usual = max(self.gap, Fraction(3, 2) / self.rate)
        missing = (self.seconds or 0) - self.end
        if missing > usual:
            return f"is cut short: its last {float(missing):.1f} s are missing"
        return "holds damaged parts" if self.corrupt else None


def _upright(frame):
    """A frame as it is meant to be seen: uint8 RGB [H, W, 3]."""
    pixels = frame.to_ndarray(format="rgb24")
    # FFmpeg counts the angle by which a player must turn it, to the left.
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(pixels, turns)) if turns else pixels


@contextlib.contextmanager
def open_video(path, max_pixels):
    """Opens a video file.

    Args:
        path: file of any format that FFmpeg reads.
        max_pixels: int; a larger frame is refused.

    Yields:
        Video.

    Raises:
        UserError: naming the file, if it is missing, no video, or too large.
    """
    size, turned = _first_frame(path, max_pixels)
    with _open(path) as container:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        aspect = Fraction(stream.sample_aspect_ratio or 1)
        yield Video(
            path=str(path),
            width=size[1],
            height=size[0],
            rate=Fraction(stream.average_rate or _USUAL_RATE),
            time_base=Fraction(stream.time_base or 1 / _USUAL_RATE),
            count=stream.frames,
            sound=bool(container.streams.audio),
            pixel_aspect=1 / aspect if turned else aspect,
            _container=container,
        )


def _open(path):
    """A video file as FFmpeg's container."""
    av = _import_av()
    if not Path(path).is_file():
        raise UserError(f"{path}: no such file")
    try:
        # An absolute path is not taken for the address of a protocol.
        return av.open(
            str(Path(path).absolute()),
            options={
                "protocol_whitelist": "file",
                "format_whitelist": _FORMATS,
            },
        )
    except (OSError, av.error.FFmpegError, UnicodeError) as error:
        raise UserError(
            f"{path}: cannot be read as a video: {_reason(error)}"
        ) from error


def _first_frame(path, max_pixels):
    """Height and width of the upright frames, and whether they lie turned.

    The file is opened for it alone: not every format can go back.
    """
    av = _import_av()
    with _open(path) as container:
        if not container.streams.video:
            raise UserError(f"{path}: holds no video")
        stream = container.streams.video[0]
        if stream.width * stream.height > max_pixels:
            raise UserError(
                f"{path}: is {stream.width} x {stream.height} pixels, more "
                f"than the {max_pixels} that --max_pixels allows"
            )
        try:
            for frame in container.decode(video=0):
                turned = bool(round(frame.rotation / 90) % 2)
                return _upright(frame).shape[:2], turned
        except av.error.FFmpegError as error:
            raise UserError(
                f"{path}: cannot be read as a video: {_reason(error)}"
            ) from error
    raise UserError(f"{path}: holds no frame that can be read")


@contextlib.contextmanager
def write_video(path, video, height, width, overwrite=False):
    """Writes an H.264 video with the times of another one.

    Args:
        path: .mp4 file, which appears when all is written.
        video: Video that gives the times.
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
                stream.codec_context.sample_aspect_ratio = video.pixel_aspect

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
