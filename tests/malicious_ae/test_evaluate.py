"""What happened to a victim, and to others, is counted apart."""

import json

import keras
import pytest

from malicious_ae import Attacker, Segmenter
from malicious_ae.classes import CAMVID
from malicious_ae.evaluate import Evaluation
from malicious_ae.report import markdown
from tests.malicious_ae.commands import fails, run
from tests.malicious_ae.conftest import BANDS, draw_frame
from tests.malicious_ae.workplace import save

pytestmark = pytest.mark.tensorflow


HEIGHT, WIDTH = 32, 48


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
