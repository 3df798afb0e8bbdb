"""An attack: what it is made of, and the one driver that makes it.

`agns.attack` makes one in a run directory, `agns.evaluate` many with one
compiled game; both call `make_attack`.
"""

import dataclasses
from pathlib import Path

import keras
import numpy as np

from agns.game import AttackGame, build_wearing
from agns.marks import MarksNotFound, find_green_marks, photo_to_canvas
from agns.models import answers
from agns.networks import CODE_SIZE
from agns.people import load_faces, read_person
from shared.errors import UserError
from shared.ops.precision import dtype_policy
from shared.ranges import levels_to_signed, signed_to_levels
from shared.training import fit_run, resume, sync_weights
from shared.training.batches import StepBatches

PAIRS = 16
REAL_FRAMES = 500


@dataclasses.dataclass(frozen=True)
class Photos:
    """An attacker's photos.

    Attributes:
        train: float32 [N, 224, 224, 3] in [0, 1], to attack with.
        test: [M, ...], held out.
        train_warps, test_warps: [N, 3, 3] and [M, 3, 3], from a pixel of the
            photo to the canvas of the glasses; None if glasses lie in place.
    """

    train: np.ndarray
    test: np.ndarray
    train_warps: np.ndarray | None = None
    test_warps: np.ndarray | None = None

    def first(self, count: int) -> "Photos":
        """The same with at most so many held-out photos."""
        warps = self.test_warps
        return dataclasses.replace(
            self,
            test=self.test[:count],
            test_warps=None if warps is None else warps[:count],
        )


def load_attackers_photos(folder, physical=False) -> Photos:
    """Reads an attacker's aligned photos and divides them.

    Args:
        folder: The photos, 224 x 224 pixels each; the division is that of
            `agns.people`, so a recogniser's held-out photos are held out. Of
            marked photos a third is.
        physical: Whether frames with green marks are worn in them.

    Raises:
        UserError: if the folder has fewer than two photos, one has another
            size, or one shows fewer than seven marks.
    """
    # Marked photos are few: two of six are held out.
    person = read_person(Path(folder), 1 / 3 if physical else 0.2)
    parts = [
        load_faces(paths, exact=True).astype(np.float32) / 255.0
        for paths in (person.train, person.test)
    ]
    if not physical:
        return Photos(*parts)
    warps = [_find_warps(paths) for paths in (person.train, person.test)]
    return Photos(*parts, *warps)


def _find_warps(paths):
    warps = []
    for path, face in zip(paths, load_faces(paths), strict=True):
        try:
            warps.append(photo_to_canvas(find_green_marks(face)))
        except (MarksNotFound, ValueError) as error:
            raise UserError(f"{path}: {error}") from error
    return np.stack(warps).astype(np.float32)


class AttackBatches(StepBatches):
    """Batches of (real frames, faces, and warps if there are any).

    Args:
        frames: uint8 [K, 64, 176, 3].
        photos: Photos, of which those to attack with are shown.
        batch_size: Glasses a step; each meets a face of its own.
        steps: Batches an epoch.
        seed: Seed of the draws.
        first_step: The step of the first batch.
    """

    def __init__(self, frames, photos, batch_size, steps, seed, first_step=0):
        super().__init__(steps, seed, first_step)
        self.frames = frames
        self.photos = photos
        self.batch_size = batch_size

    def make(self, step):
        random = self.random(step)
        real = random.integers(len(self.frames), size=self.batch_size)
        # Every photo before any again, as far as the batch reaches.
        faces = np.resize(
            random.permutation(len(self.photos.train)), self.batch_size
        )
        batch = (
            levels_to_signed(self.frames[real]),
            self.photos.train[faces],
        )
        if self.photos.train_warps is not None:
            batch += (self.photos.train_warps[faces],)
        return batch


def mean_measures(wearing, glasses, photos, goal, person):
    """The mean of a goal's measure over held-out photos, for each pair.

    Args:
        wearing: What `build_wearing` makes.
        glasses: [K, 64, 176, 3] in [-1, 1].
        photos: Photos.
        goal: `agns.goals.Goal`.
        person: The class.

    Returns:
        [K] float.
    """
    count = len(photos.test)
    means = []
    # Few pairs at a time: each comes with a copy of every photo.
    for start in range(0, len(glasses), PAIRS):
        pairs = glasses[start : start + PAIRS]
        inputs = [np.repeat(pairs, count, axis=0)]
        for part in (photos.test, photos.test_warps):
            if part is not None:
                inputs.append(np.concatenate([part] * len(pairs)))
        found = goal.measure(_softmax(answers(wearing, inputs)), person)
        means += list(found.reshape(len(pairs), count).mean(axis=1))
    return np.array(means)


def _softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


class Check(keras.callbacks.Callback):
    """Looks every epoch whether a pair of glasses does what is wanted.

    Args:
        generator: The attack's generator.
        wearing: What `build_wearing` makes, in float32.
        photos: Photos; the held-out ones decide.
        goal: `agns.goals.Goal`.
        person: The class.
        stop: What the goal's measure is to reach; None is the goal's own.
        seed: Seed of the sixteen codes.

    Attributes:
        probability: The best mean of the goal's measure of the last look.
        glasses: [64, 176, 3] in [-1, 1], the pair that has it.
        succeeded: Whether it is enough.
        path: `probability` after each epoch since the callback was made.
    """

    def __init__(
        self, generator, wearing, photos, goal, person, stop=None, seed=0
    ):
        super().__init__()
        self.generator = generator
        self.wearing = wearing
        self.photos = photos
        self.goal = goal
        self.person = person
        self.stop = goal.stop if stop is None else stop
        random = np.random.default_rng([seed, 1])
        self.codes = random.normal(size=(PAIRS, CODE_SIZE)).astype("float32")
        self.probability = float("nan")
        self.glasses = None
        self.succeeded = False
        self.path: list[float] = []

    def look(self) -> None:
        """Measures the sixteen pairs and keeps the best."""
        pairs = answers(self.generator, self.codes)
        found = mean_measures(
            self.wearing, pairs, self.photos, self.goal, self.person
        )
        best = self.goal.best(found)
        self.probability = float(found[best])
        self.glasses = pairs[best]
        self.succeeded = self.goal.reached(found[best], self.stop)

    def on_epoch_end(self, epoch, logs=None):
        sync_weights(self.model)
        self.look()
        self.path.append(self.probability)
        logs["held_out_probability"] = self.probability
        if self.succeeded:
            self.model.stop_training = True


@dataclasses.dataclass(frozen=True)
class Setup:
    """What all attacks on one recogniser share.

    Attributes:
        game: AttackGame, compiled.
        wearing: What `build_wearing` makes, in float32: it judges.
        frames: uint8 [K, 64, 176, 3], which the discriminator is shown as
            real.
    """

    game: AttackGame
    wearing: keras.Model
    frames: np.ndarray


def set_up(
    generator,
    discriminator,
    recognizer,
    mask,
    rules,
    *,
    checker=None,
    frames=None,
    physical=False,
    seed=0,
    **compilation,
) -> Setup:
    """Puts eyeglass networks before a recogniser, ready to attack it.

    Args:
        generator, discriminator: Trained eyeglass networks; they change.
        recognizer: The recogniser that glasses learn from, in any precision.
        mask: [224, 224], 1 on the frame.
        rules: `agns.game.AttackRules`.
        checker: The same in float32, which judges; None if it is that.
        frames: Real frames; None draws them from the generator as it is,
            before anybody teaches it to deceive.
        physical: Whether glasses are warped to where a photo shows them.
        seed: Of codes and of frames that are drawn.
        **compilation: What `Game.compile` takes.
    """
    with dtype_policy("float32"):
        wearing = build_wearing(checker or recognizer, mask, physical)
        game = AttackGame(
            generator,
            discriminator,
            build_wearing(recognizer, mask, physical),
            rules,
            seed,
        )
    game.compile(**compilation)
    if frames is None:
        random = np.random.default_rng(seed)
        codes = random.normal(size=(REAL_FRAMES, CODE_SIZE))
        frames = signed_to_levels(answers(generator, codes.astype("float32")))
    return Setup(game, wearing, frames)


def make_attack(
    setup,
    goal,
    person,
    photos,
    *,
    steps,
    check_every,
    batch_size,
    stop=None,
    seed=0,
    options=None,
) -> Check:
    """Teaches glasses to deceive until they do, or the steps are over.

    Args:
        setup: Setup, whose networks begin where they stand.
        goal: `agns.goals.Goal`.
        person: The class that it is about.
        photos: The attacker's Photos.
        steps: Steps at most, but as many as to the first check.
        check_every: Steps between checks.
        batch_size: Glasses a step.
        stop: What the goal's measure is to reach; None is the goal's own.
        seed: Of batches and of the pairs that are checked.
        options: RunOptions of a run that is kept, and goes on; None keeps
            nothing.

    Returns:
        Check, which has looked at the glasses that came of it.
    """
    game = setup.game
    game.aim(goal, person)
    check = Check(
        game.generator, setup.wearing, photos, goal, person, stop, seed
    )
    batches = AttackBatches(setup.frames, photos, batch_size, check_every, seed)
    steps = max(steps, check_every)
    if options is None:
        game.fit(
            batches,
            epochs=steps // check_every,
            shuffle=False,
            verbose=0,
            callbacks=[check],
        )
    else:
        _go_on(game, check, batches, options, steps)
    if check.glasses is None:
        check.look()
    return check


def _go_on(game, check, batches, options, steps):
    """Attacks in a run directory, unless it has succeeded there."""
    state = resume(game, options.run_dir)
    if state["schedule"].get("succeeded"):
        return
    batches.step = state["step"]
    fit_run(
        game,
        batches,
        options,
        steps=steps,
        steps_per_epoch=batches.steps,
        first_step=state["step"],
        exports={
            "generator": game.generator,
            "discriminator": game.discriminator,
        },
        describe=lambda: f"held out {check.probability:.3f}",
        get_state=lambda: {"succeeded": check.succeeded},
        callbacks=[check],
    )
    sync_weights(game)
