"""Videos through a network, frame by frame."""

from tqdm import tqdm

from malicious_ae.data import GrayCount
from shared.errors import UserError, report
from shared.text import warn
from shared.video import open_video, write_video


def change_video(source, target, change, max_pixels, overwrite) -> int:
    """Writes a video of what becomes of each frame of another one.

    Args:
        source: Video file.
        target: .mp4 file to write.
        change: Function of a frame uint8 [H, W, 3], returning a picture; all
            of one size.
        max_pixels: Greatest size of a frame.
        overwrite: Whether a file that is there is replaced.

    Returns:
        Exit code: 0; 1 if the video is cut short or damaged, of which what
        could be read is written.

    Raises:
        UserError: Naming the file, if it is no video, or one cannot be
            written.
    """
    grays = GrayCount()
    with open_video(source, max_pixels) as video:
        if video.sound:
            warn(f"{source}: its sound is left out")
        frames = tqdm(
            video.frames(),
            total=video.count or None,
            unit="frame",
            disable=None,
        )
        first, time = next(video_frames := iter(frames), (None, 0))
        if first is None:
            raise UserError(f"{source}: {video.problem}; nothing was written")
        picture = change(first)
        height, width = picture.shape[:2]
        with write_video(target, video, height, width, overwrite) as add:
            add(picture, time)
            grays.add(first)
            for frame, time in video_frames:
                add(change(frame), time)
                grays.add(frame)
    grays.tell()
    if video.problem:
        report(
            f"{source}: {video.problem}; the {grays.photos} frames that "
            "could be read were written"
        )
        return 1
    return 0
