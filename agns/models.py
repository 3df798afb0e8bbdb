"""Trained networks of runs and of `agns/weights`, for training against them.

Using them without Keras is `agns.api`'s job.
"""

from pathlib import Path

import numpy as np

from agns.networks import (
    build_discriminator,
    build_generator,
    build_recognizer,
)
from shared.model_dir import find_model
from shared.training.run_files import building, load_weights, read_config

WEIGHTS = Path(__file__).parent / "weights"
RECOGNIZER_WEIGHTS = "recognizer.weights.h5"
EYEGLASS_WEIGHTS = ("generator.weights.h5", "discriminator.weights.h5")
RECOGNIZER_CONFIG = {"architecture": str, "people": list, "size": int}


def find_recognizer(model, flag="recognizer"):
    """Where a trained recogniser lies; arguments as `load_recognizer`."""
    files = ["config.json", RECOGNIZER_WEIGHTS]
    return find_model(model, WEIGHTS, files, flag)


def find_eyeglasses(model):
    """Where trained eyeglass networks lie, as for `load_eyeglasses`."""
    return find_model(model, WEIGHTS, ["config.json", *EYEGLASS_WEIGHTS])


def load_recognizer(model, precision="float32", flag="recognizer"):
    """Builds a trained recogniser.

    Args:
        model: Run directory of `agns.train_recognizer`, or name of a model
            that ships.
        precision: Keras dtype policy.
        flag: Name of the flag that gave the model, for messages.

    Returns:
        (network, people): the network, and the names of its classes.

    Raises:
        UserError: If there is no such model, or it is broken.
    """
    folder = find_recognizer(model, flag)
    config = read_config(folder, RECOGNIZER_CONFIG)
    with building(folder, precision):
        network = build_recognizer(
            config["architecture"],
            len(config["people"]),
            size=config["size"],
        )
    load_weights(network, folder / RECOGNIZER_WEIGHTS)
    return network, config["people"]


def load_eyeglasses(model):
    """Builds a trained eyeglass generator and discriminator, in float32.

    Args:
        model: Run directory of `agns.train_eyeglasses`, or name of a model
            that ships.

    Returns:
        (generator, discriminator).

    Raises:
        UserError: If there is no such model, or it is broken.
    """
    folder = find_eyeglasses(model)
    config = read_config(folder, {"minibatch": bool})
    with building(folder):
        networks = (
            build_generator(),
            build_discriminator(config["minibatch"]),
        )
    for network in networks:
        load_weights(network, folder / f"{network.name}.weights.h5")
    return networks


def answers(network, inputs, batch_size=32):
    """A network's answers to many examples, compiled, on any backend.

    Args:
        network: Model of one input or several.
        inputs: Array, or a list of arrays of one length.
        batch_size: Examples at a time.

    Returns:
        Array of all answers.
    """
    parts = inputs if isinstance(inputs, list) else [inputs]
    count = len(parts[0])
    # Whole batches only: another shape would be compiled anew, which takes
    # longer than the few examples that are answered twice.
    places = np.arange(-(-count // batch_size) * batch_size) % count
    parts = [part[places] for part in parts]
    found = network.predict(
        parts if isinstance(inputs, list) else parts[0],
        batch_size=batch_size,
        verbose=0,
    )
    return found[:count]
