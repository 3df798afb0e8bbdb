"""The demo hides, damages and reads back, and says when that fails."""

from shared.images import read_photo
from stegastamp import demo
from tests.stegastamp.commands import call
from tests.stegastamp.linear_model import write_linear_model


def test_the_demo_reads_its_message_back(model, tmp_path):
    code, out, err = call(
        demo, f"--model={model}", f"--save_dir={tmp_path}", "--secret=demo"
    )
    assert (code, err) == (0, "")
    assert out.endswith("Decoded message: demo\n")
    assert out.count("'demo' (corrected") == 6
    names = sorted(path.name for path in tmp_path.iterdir())
    assert len(names) == 8
    for name in names:
        assert str(tmp_path / name) in out
        assert read_photo(tmp_path / name).pixels.shape == (512, 768, 3)


def test_the_demo_with_the_weights_that_ship(tmp_path):
    code, out, err = call(demo, f"--save_dir={tmp_path}")
    assert (code, err) == (0, "")
    assert out.endswith("Decoded message: Stega!!\n")


def test_the_demo_says_when_the_message_is_lost(tmp_path):
    weak = write_linear_model(tmp_path / "weak", amplitude=1e-4)
    code, out, _ = call(
        demo, f"--model={weak}", f"--save_dir={tmp_path / 'out'}"
    )
    assert code == 1 and "The message was lost from: as it is" in out
