"""Going back to a checkpoint: exact, nothing lost, and what is kept."""

import csv
import json

import keras
import numpy as np
import pytest
from keras import ops

from shared.errors import UserError
from shared.training import (
    Checkpoint,
    RunOptions,
    find_checkpoint,
    fit_run,
    go_back,
    open_run,
    resume,
)
from tests.shared.training.test_fit import Noisy


class Steps(keras.utils.PyDataset):
    """Batches that depend on the step: their order is part of a resume."""

    def __init__(self, step):
        super().__init__()
        self.step = step

    def __len__(self):
        return 2

    def on_epoch_end(self):
        self.step += len(self)

    def __getitem__(self, index):
        random = np.random.default_rng(self.step + index)
        return (random.normal(size=(3, 4)).astype("float32"),)


class Rising(keras.callbacks.Callback):
    """State of a training's own, and a file named by its step."""

    def __init__(self, run_dir, seen):
        super().__init__()
        self.folder = run_dir / "grids"
        self.folder.mkdir(exist_ok=True)
        self.seen = seen

    def on_epoch_end(self, epoch, logs=None):
        self.seen += 1
        logs["seen"] = self.seen
        step = 2 * (epoch + 1)
        (self.folder / f"step-{step:08d}.png").write_text(str(step))


def run(folder, steps, **options):
    folder.mkdir(exist_ok=True)
    game = Noisy()
    game.compile()
    before = resume(game, folder)
    rising = Rising(folder, before["schedule"].get("seen", 0))
    fit_run(
        game,
        Steps(before["step"]),
        RunOptions(folder, **options),
        steps=steps,
        steps_per_epoch=2,
        first_step=before["step"],
        exports={"network": game.network},
        get_state=lambda: {"seen": rising.seen},
        callbacks=[rising],
    )
    return [ops.convert_to_numpy(v).copy() for v in game.network.weights]


def rows(folder):
    with open(folder / "metrics.csv", newline="") as file:
        return list(csv.DictReader(file))


def steps_kept(folder):
    return [int(p.name[5:]) for p in sorted(folder.glob("checkpoints/step-*"))]


def test_going_back_is_the_run_that_never_went_further(tmp_path):
    folder = tmp_path / "run"
    whole = run(folder, 10, keep_checkpoints=0)
    whole_rows = rows(folder)
    assert steps_kept(folder) == [2, 4, 6, 8, 10]
    was = (folder / "network.weights.h5").read_bytes()

    open_run(folder, {}, resume_from=4)
    # The networks are those of that step already, for who exports them.
    saved = folder / "checkpoints" / "step-00000004" / "network.weights.h5"
    assert (folder / "network.weights.h5").read_bytes() == saved.read_bytes()
    assert saved.read_bytes() != was
    again = run(folder, 10, keep_checkpoints=0)
    for a, b in zip(again, whole, strict=True):
        np.testing.assert_array_equal(a, b)
    assert rows(folder) == whole_rows
    assert [row["seen"] for row in whole_rows] == list("12345")

    # What came after it is there, as it was.
    aside = folder / "set_aside" / "1"
    assert steps_kept(aside) == [6, 8, 10]
    assert rows(aside) == whole_rows
    assert (aside / "network.weights.h5").read_bytes() == was
    assert len(list((aside / "grids").iterdir())) == 3
    game = Noisy()
    game.compile()
    assert resume(game, aside)["step"] == 10


def test_metrics_end_where_the_run_goes_on(tmp_path):
    folder = tmp_path / "run"
    run(folder, 8, keep_checkpoints=0)
    go_back(folder, 4)
    run(folder, 6, keep_checkpoints=0)
    assert [row["epoch"] for row in rows(folder)] == ["0", "1", "2"]
    # A second way back has a folder of its own.
    assert go_back(folder, 2) == folder / "set_aside" / "2"
    assert go_back(folder, 2) is None
    assert steps_kept(folder / "set_aside" / "2") == [4, 6]


def test_a_step_that_is_not_kept_names_those_that_are(tmp_path):
    folder = tmp_path / "run"
    run(folder, 8)
    assert steps_kept(folder) == [6, 8]
    with pytest.raises(UserError, match="--resume_from=4: .* kept: 6, 8"):
        find_checkpoint(folder, 4)
    before = sorted(folder.rglob("*"))
    with pytest.raises(UserError, match="kept: 6, 8"):
        open_run(folder, {}, resume_from=4)
    assert sorted(folder.rglob("*")) == before
    with pytest.raises(UserError, match="holds no checkpoints"):
        open_run(tmp_path / "new", {}, resume_from=4)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("keep", "kept"), [(1, [12]), (3, [8, 10, 12]), (0, [2, 4, 6, 8, 10, 12])]
)
def test_so_many_are_kept(tmp_path, keep, kept):
    run(tmp_path / "run", 12, keep_checkpoints=keep)
    assert steps_kept(tmp_path / "run") == kept


def test_what_an_earlier_command_kept_stays(tmp_path):
    run(tmp_path / "run", 6, keep_checkpoints=0)
    run(tmp_path / "run", 12)
    assert steps_kept(tmp_path / "run") == [2, 10, 12]


def test_a_best_network_goes_back_too(tmp_path):
    game = Noisy()
    game.compile()
    best = tmp_path / "best.weights.h5"
    saver = Checkpoint(tmp_path, 1, dict, {}, keep=0)
    saver.set_model(game)
    for step, text in ((1, "first"), (2, "second")):
        # As trainings replace it: by renaming.
        partial = tmp_path / "best.partial.weights.h5"
        partial.write_text(text)
        partial.replace(best)
        saver.save(step)
    aside = go_back(tmp_path, 1)
    assert best.read_text() == "first"
    assert (aside / best.name).read_text() == "second"
    state = tmp_path / "checkpoints" / "step-00000001" / "state.json"
    assert json.loads(state.read_text())["step"] == 1
