"""What does not fit the networks or each other is one line."""

import keras
import pytest

from tests.malicious_ae.commands import fails, run
from tests.malicious_ae.workplace import save

pytestmark = pytest.mark.tensorflow


HEIGHT, WIDTH = 32, 48


<<<<<<< HEAD
=======
def reading_victim():
    """Reads each pixel as the band whose colour is nearest."""
    logits = keras.layers.Conv2D(12, 1, name="logits")
    image = keras.Input((HEIGHT, WIDTH, 3), name="image")
    model = keras.Model(image, logits(image))
    kernel, bias = np.zeros((1, 1, 3, 12)), np.full(12, -99.0)
    for index, color in BANDS.items():
        color = np.array(color) / 255
        kernel[0, 0, :, index] = 20 * color
        bias[index] = -10 * np.sum(color**2)
    logits.set_weights([kernel, bias])
    return model


def inverting_attacker():
    """Moves every colour a step towards its opposite."""
    image = keras.Input((HEIGHT, WIDTH, 3), name="image")
    attacked = keras.layers.Rescaling(0.7, 0.12, name="attacked")(image)
    return keras.Model(image, attacked)


def save(model, folder, role, **metadata):
    from shared.export import export_onnx

    folder.mkdir(parents=True, exist_ok=True)
    described = {
        "role": role,
        "dataset": "camvid",
        "height": HEIGHT,
        "width": WIDTH,
    }
    export_onnx(
        model,
        folder / f"{role}.onnx",
        {"malicious_ae": described | metadata},
    )
    return folder


@pytest.fixture(scope="module")
def workplace(tmp_path_factory):
    root = tmp_path_factory.mktemp("work")
    save(reading_victim(), root / "victim", "enet")
    save(
        inverting_attacker(),
        root / "attacker",
        "attacker",
        bound="psnr",
        min_psnr=15.0,
        epsilon=0.1,
    )
    write_camvid(root / "camvid", {"train": 2, "val": 2, "test": 3})
    return root


def test_labels_from_python_keep_the_photos_size(workplace):
    segmenter = Segmenter(workplace / "victim")
    assert (segmenter.height, segmenter.width) == (HEIGHT, WIDTH)
    for seed in range(3):
        photo, labels = draw_frame(seed)
        read = segmenter.segment(photo)
        counts = labels != CAMVID.unlabeled
        assert read.dtype == np.uint8
        assert np.mean(read[counts] == labels[counts]) > 0.97
        large = cv2.resize(photo, (150, 110), interpolation=cv2.INTER_NEAREST)
        assert segmenter.segment(large).shape == (110, 150)
    assert segmenter.segment(photo[..., 0]).shape == (HEIGHT, WIDTH)
    for bad in (photo.astype("float32"), photo[None], photo[..., :2]):
        with pytest.raises(ValueError, match="Received"):
            segmenter.segment(bad)


def test_attacks_from_python_keep_the_photos_size(workplace):
    attacker = Attacker(workplace / "attacker")
    photo, _ = draw_frame(1)
    attacked = attacker.attack(photo)
    np.testing.assert_allclose(attacked, 0.7 * photo + 0.12 * 255, atol=0.51)
    large = cv2.resize(photo, (96, 64), interpolation=cv2.INTER_LINEAR)
    changed = attacker.attack(large)
    assert changed.shape == (64, 96, 3)
    assert np.mean(np.abs(changed - (0.7 * large + 0.12 * 255))) < 3
    assert attacker.attack(photo[..., 0]).shape == (HEIGHT, WIDTH, 3)


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


def test_display_shows_both_splits(workplace, tmp_path):
    done = run(
        "display",
        f"--dataset_dir={workplace / 'camvid'}",
        f"--save_dir={tmp_path}",
        f"--model={workplace / 'victim'}",
        f"--attacker={workplace / 'attacker'}",
        "--count=2",
    )
    assert done.returncode == 0, done.stderr
    for split in ("train", "val"):
        picture = cv2.imread(str(tmp_path / f"display_{split}.png"))
        # Four panels, two rows, a line of captions, the legend.
        assert picture.shape[1] == 4 * (WIDTH + 4)
        assert picture.shape[0] > 2 * (HEIGHT + 4) + 22
        assert "PSNR" in done.stdout


def test_evaluate_reports_what_happened(workplace, tmp_path):
    done = run(
        "evaluate",
        f"--dataset_dir={workplace / 'camvid'}",
        f"--save_dir={tmp_path}",
        f"--model={workplace / 'victim'}",
        f"--attacker={workplace / 'attacker'}",
        f"--others={workplace / 'victim'}",
        "--curve_frames=2",
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "report.json").read_text())
    measured = results["measured"]
    clean, attack = measured["clean"], measured["attack"]
    assert results["frames"] == 3
    assert clean["miou"] > 0.95 and set(clean["iou"]) == set(CAMVID.names)
    assert clean["iou"]["tree"] is None and clean["iou"]["unlabeled"] is None
    lost = 1 - attack["miou"] / clean["miou"]
    assert attack["miou_lost"] == pytest.approx(lost)
    other = measured[f"{workplace / 'victim'}/attack"]
    assert other["miou_lost"] == pytest.approx(lost)
    for control in ("noise", "colour_cast", "jpeg"):
        assert measured[control]["psnr_db"]["mean"] == pytest.approx(
            attack["psnr_db"]["mean"], abs=2.5
        )
    curve = {k: v for k, v in measured.items() if k.startswith("curve/attack")}
    assert len(curve) == 7
    for name, summary in curve.items():
        level = int(name.split("/")[-1])
        assert summary["psnr_db"]["mean"] == pytest.approx(level, abs=0.3)
    assert "evaluate" in results["recipe"]["command"]
    for name in ("report.md", "iou.png", "curve.png", "samples.png"):
        assert (tmp_path / name).stat().st_size > 0
    assert "| white noise |" in done.stdout


def test_another_victim_loses_of_its_own(workplace):
    class Weak(Segmenter):
        def segment(self, photo):
            labels = super().segment(photo)
            labels[:, ::2] = CAMVID.unlabeled
            return labels

    weak = "exported/weak"
    evaluation = Evaluation(
        Segmenter(workplace / "victim"),
        Attacker(workplace / "attacker"),
        others={weak: Weak(workplace / "victim")},
    )
    evaluation.add(*draw_frame(0))
    measured = evaluation.results()["measured"]
    before, after = (measured[f"{weak}/{k}"] for k in ("clean", "attack"))
    assert before["miou"] < 0.7 * measured["clean"]["miou"]
    assert "miou_lost" not in before
    lost = 1 - after["miou"] / before["miou"]
    assert after["miou_lost"] == pytest.approx(lost)


def test_controls_and_yardsticks_are_counted_apart(workplace):
    evaluation = Evaluation(
        Segmenter(workplace / "victim"),
        Attacker(workplace / "attacker"),
        [CAMVID.unlabeled],
        yardsticks={"pgd": lambda photo, labels, rng: 255 - photo},
    )
    with pytest.raises(ValueError, match="no frame"):
        evaluation.results()
    for seed in range(3):
        evaluation.add(*draw_frame(seed), yardsticks=seed < 2)
    measured = evaluation.results()["measured"]
    assert measured["yardstick/pgd"]["miou"] < measured["clean"]["miou"]
    assert len(evaluation.tallies["attack"].quality["psnr_db"]) == 3
    assert len(evaluation.tallies["yardstick/pgd"].quality["psnr_db"]) == 2


@pytest.mark.parametrize("target", ["sky", None])
def test_a_targeted_attack_is_judged_by_what_it_wants(
    workplace, tmp_path, target
):
    image = keras.Input((HEIGHT, WIDTH, 3), name="image")
    sky = [value / 255 for value in BANDS[0]]
    paint = keras.layers.Rescaling([0.0] * 3, sky, name="attacked")
    folder = save(
        keras.Model(image, paint(image)),
        tmp_path / "attacker",
        "attacker",
        objective="targeted",
        source="road",
        target=target,
    )
    evaluation = Evaluation(
        Segmenter(workplace / "victim"), Attacker(folder), [CAMVID.unlabeled]
    )
    evaluation.add(*draw_frame(0))
    results = evaluation.results()
    measured = results["measured"]
    assert measured["clean"]["read_as_wanted"] < 0.1
    assert measured["attack"]["read_as_wanted"] == 1.0
    wanted = target or "another class"
    assert f"| road read as {wanted}, % |" in markdown(results)
    assert "| the attack | 100.0 |" in markdown(results)


>>>>>>> 741ef8f (--save_dir is where results go in every command; --report_dir and --output_dir go on to work)
def test_what_does_not_fit_is_one_line(workplace, tmp_path):
    image = keras.Input((HEIGHT, 16, 3), name="image")
    narrow = keras.Model(image, keras.layers.Rescaling(1, name="out")(image))
    save(narrow, tmp_path / "narrow", "attacker", width=16)
    data = f"--dataset_dir={workplace / 'camvid'}"
    victim = f"--model={workplace / 'victim'}"
    attacker = f"--attacker={workplace / 'attacker'}"
    fails(
        run(
            "display",
            data,
            victim,
            f"--attacker={tmp_path / 'narrow'}",
            f"--save_dir={tmp_path}",
        ),
        "--attacker",
        "16x32",
        "48x32",
    )
    fails(
        run(
            "display",
            data,
            victim,
            attacker,
            f"--save_dir={tmp_path}",
            "--splits=best",
        ),
        "--splits=best",
    )
    fails(
        run(
            "segment",
            "--image=none.png",
            f"--save_dir={tmp_path}",
            "--model=nowhere",
        ),
        "--model=nowhere",
    )
    fails(run("segment", f"--save_dir={tmp_path}"), "--image")
<<<<<<< HEAD
=======


def test_a_model_whose_metadata_lies_is_refused(workplace, tmp_path):
    folder = save(reading_victim(), tmp_path / "lying", "enet", height=64)
    with pytest.raises(UserError, match="its metadata says"):
        Segmenter(folder)
    folder = save(reading_victim(), tmp_path / "bare", "enet", dataset="kitti")
    with pytest.raises(UserError, match="incomplete"):
        Segmenter(folder)
    with pytest.raises(UserError, match="attacker.onnx: no such model"):
        Attacker(workplace / "victim")


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


@pytest.mark.slow
def test_data_of_other_classes_are_refused(workplace, tmp_path):
    rooms = {
        "classes": [
            {"name": "floor", "color": [1, 2, 3]},
            {"name": "wall", "color": [4, 5, 6]},
            {"name": "door", "color": [7, 8, 9]},
        ]
    }
    path = tmp_path / "rooms.json"
    path.write_text(json.dumps(rooms))
    fails(
        run(
            "evaluate",
            f"--dataset_dir={workplace / 'camvid'}",
            f"--classes={path}",
            f"--model={workplace / 'victim'}",
            f"--attacker={workplace / 'attacker'}",
            f"--save_dir={tmp_path / 'report'}",
        ),
        "rooms.json",
        "names floor, wall, door, unlabeled",
        "train_victim",
    )
    assert not (tmp_path / "report").exists()
>>>>>>> 741ef8f (--save_dir is where results go in every command; --report_dir and --output_dir go on to work)
