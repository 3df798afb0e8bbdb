"""Photos and videos are marked, and nothing is replaced unasked."""

import cv2
import numpy as np
import pytest

from malicious_ae.classes import CAMVID
from tests.malicious_ae.commands import fails, run
from tests.malicious_ae.conftest import draw_frame

pytestmark = pytest.mark.tensorflow


HEIGHT, WIDTH = 32, 48


def test_segment_writes_overlay_and_labels(workplace, tmp_path):
    photos, out = tmp_path / "photos", tmp_path / "out"
    photos.mkdir()
    photo, labels = draw_frame(4)
    cv2.imwrite(str(photos / "a.png"), photo[..., ::-1])
    (photos / "b.jpg").write_text("no photo")
    done = run(
        "segment",
        f"--images_dir={photos}",
        f"--save_dir={out}",
        f"--model={workplace / 'victim'}",
        "--opacity=1",
    )
    # The bad photo is counted; the good one is done.
    assert done.returncode == 1
    assert "b.jpg" in done.stderr and "1 of 2 photos failed" in done.stdout
    assert "road" in done.stdout
    read = cv2.imread(str(out / "a_labels.png"), cv2.IMREAD_UNCHANGED)
    counts = labels != CAMVID.unlabeled
    assert np.mean(read[counts] == labels[counts]) > 0.97
    overlay = cv2.imread(str(out / "a_overlay.png"))[:HEIGHT, :, ::-1]
    np.testing.assert_array_equal(overlay, CAMVID.palette[read])
    assert not list(out.glob("b*"))


def test_segment_and_display_replace_nothing_unasked(workplace, tmp_path):
    def segment(*flags):
        return run(
            "segment",
            f"--images_dir={tmp_path}",
            f"--save_dir={tmp_path}",
            f"--model={workplace / 'victim'}",
            *flags,
        )

    cv2.imwrite(str(tmp_path / "a.png"), draw_frame(4)[0][..., ::-1])
    (tmp_path / "a_labels.png").write_bytes(b"mine")
    (tmp_path / "notes.txt").touch()
    done = segment()
    fails(done, "a_labels.png: exists", "--overwrite")
    assert "left out 1 earlier output by name (a_labels.png), 1 file" in (
        done.stdout
    )
    assert (tmp_path / "a_labels.png").read_bytes() == b"mine"
    assert not (tmp_path / "a_overlay.png").exists()
    done = segment("--overwrite")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "a_labels.png").read_bytes() != b"mine"
    # Two photos of one name have one place for their labels.
    cv2.imwrite(str(tmp_path / "a.jpg"), draw_frame(5)[0][..., ::-1])
    fails(segment("--overwrite"), "a.png", "a.jpg; rename one")

    (tmp_path / "display_val.png").write_bytes(b"mine")
    done = run(
        "display",
        f"--dataset_dir={workplace / 'camvid'}",
        f"--save_dir={tmp_path}",
        f"--model={workplace / 'victim'}",
        f"--attacker={workplace / 'attacker'}",
    )
    fails(done, "display_val.png: exists")
    assert (tmp_path / "display_val.png").read_bytes() == b"mine"


def write_video(path, count=6, cut=None):
    """A video of drawn frames, larger than the networks; FFV1 in Matroska."""
    av = pytest.importorskip("av")
    with av.open(str(path), "w") as container:
        stream = container.add_stream("ffv1", rate=5)
        stream.height, stream.width = 2 * HEIGHT, 2 * WIDTH
        stream.pix_fmt = "bgr0"
        for seed in range(count):
            photo, _ = draw_frame(seed, 2 * HEIGHT, 2 * WIDTH)
            frame = av.VideoFrame.from_ndarray(photo, format="rgb24")
            container.mux(stream.encode(frame.reformat(format="bgr0")))
        container.mux(stream.encode())
    if cut:
        path.write_bytes(path.read_bytes()[: int(cut * path.stat().st_size)])
    return path


def read_video(path):
    from shared.video import open_video

    with open_video(path, 10**6) as video:
        return [pixels for pixels, _ in video.frames()]


@pytest.mark.slow
def test_a_video_is_marked_frame_by_frame(workplace, tmp_path):
    source = write_video(tmp_path / "drive.mkv")
    command = [
        "segment",
        f"--video={source}",
        f"--model={workplace / 'victim'}",
        f"--save_dir={tmp_path / 'out'}",
        "--opacity=1",
    ]
    done = run(*command)
    assert done.returncode == 0, done.stderr
    assert "road" in done.stdout and "sky" in done.stdout
    frames = read_video(tmp_path / "out" / "drive_overlay.mp4")
    assert len(frames) == 6
    assert frames[0].shape == (2 * HEIGHT, 2 * WIDTH, 3)
    sky = CAMVID.palette[0].astype(int)
    assert np.abs(frames[0][2:8].astype(int) - sky).mean() < 12
    fails(run(*command), "drive_overlay.mp4: exists", "--overwrite")

    done = run(
        "display",
        f"--video={source}",
        f"--model={workplace / 'victim'}",
        f"--attacker={workplace / 'attacker'}",
        f"--save_dir={tmp_path / 'out'}",
    )
    assert done.returncode == 0, done.stderr
    assert "over 6 frames" in done.stdout
    frames = read_video(tmp_path / "out" / "drive_display.mp4")
    assert frames[0].shape == (2 * HEIGHT, 2 * WIDTH, 3)


@pytest.mark.slow
def test_a_video_that_is_cut_short_or_none_is_one_line(workplace, tmp_path):
    source = write_video(tmp_path / "cut.mkv", 30, cut=0.5)
    command = [
        "segment",
        f"--model={workplace / 'victim'}",
        f"--save_dir={tmp_path / 'out'}",
    ]
    done = run(*command, f"--video={source}")
    fails(done, "cut.mkv: is cut short; the")
    frames = read_video(tmp_path / "out" / "cut_overlay.mp4")
    assert 5 < len(frames) < 30
    text = tmp_path / "text.mp4"
    text.write_text("Dear diary")
    fails(run(*command, f"--video={text}"), "text.mp4: cannot be read")
    fails(run(*command), "--image, --images_dir and --video")
