"""What a training left in its run directory, for who exports or measures it."""

import contextlib
import json
import warnings
from pathlib import Path

from shared.errors import UserError
from shared.ops.precision import dtype_policy


def read_config(run_dir, types: dict[str, type], earlier=None) -> dict:
    """Reads what the networks of a run were built with.

    Args:
        run_dir: Run directory of a training.
        types: Type by name of the values wanted.
        earlier: Callable from the configuration to it with what runs begun by
            earlier versions do not state; None where there is none.

    Returns:
        Those values; other keys of `config.json` are left out.

    Raises:
        UserError: If the directory or its `config.json` is missing or broken.
    """
    run_dir = Path(run_dir)
    if not run_dir.is_dir():
        raise UserError(
            f"--run_dir: {run_dir} is not a directory; give the --run_dir of "
            "a training"
        )
    path = run_dir / "config.json"
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(
            f"--run_dir: {run_dir} holds no config.json; give the --run_dir "
            "of a training"
        ) from None
    except ValueError as error:
        raise UserError(f"{path}: not JSON: {error}") from error
    if not isinstance(config, dict):
        raise UserError(f"{path}: not a JSON object")
    if earlier:
        config = earlier(config)
    for key, kind in types.items():
        # `type`, since isinstance(True, int) holds.
        if type(config.get(key)) is not kind:
            raise UserError(
                f"{path}: `{key}` must be of type {kind.__name__}, not "
                f"{config.get(key)!r}"
            )
    return {key: config[key] for key in types}


@contextlib.contextmanager
def building(run_dir, policy="float32"):
    """Builds inside it what a run's configuration describes.

    Args:
        run_dir: Run directory of a training.
        policy: Keras dtype policy for as long, or its name.

    Raises:
        UserError: Naming the configuration, for a ValueError inside.
    """
    try:
        with dtype_policy(policy):
            yield
    except ValueError as error:
        raise UserError(f"{Path(run_dir) / 'config.json'}: {error}") from error


def load_weights(network, path) -> None:
    """Loads a network's trained weights.

    Networks trained in mixed precision keep float32 weights, so they load
    into float32 networks as they are.

    Args:
        network: Built Keras model.
        path: A `.weights.h5` file that a training wrote.

    Raises:
        UserError: If the file is missing, broken or of another network.
    """
    path = Path(path)
    if not path.is_file():
        raise UserError(
            f"{path}: no such file; train on, it is written with each "
            "checkpoint"
        )
    try:
        with warnings.catch_warnings():
            # Keras only warns when it finds no weights for a layer.
            warnings.simplefilter("error", UserWarning)
            network.load_weights(path)
    except (ValueError, OSError, KeyError, UserWarning) as error:
        raise UserError(
            f"{path}: not the weights of the network that config.json "
            f"describes: {str(error).splitlines()[0]}"
        ) from error
