"""Converts published AlexNet and LPIPS weights for `shared.metrics.lpips`.

    python -m shared.lpips_convert --alexnet alexnet-owt-7be5be79.pth \\
        --lpips alex.pth --output lpips.weights.h5

`--alexnet` is torchvision's ImageNet AlexNet; `--lpips` is the file
`lpips/weights/v0.1/alex.pth` of richzhang/PerceptualSimilarity. Both may be
`.pth`, `.safetensors` or `.npz` with the published names. PyTorch is not
needed, and nothing in a `.pth` file is run: see `shared/state_dict.py`.
"""

import os
import tempfile

import numpy as np
from absl import flags

from shared import outputs
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.state_dict import read_state_dict
from shared.text import say

ALEXNET_LAYERS = (0, 3, 6, 8, 10)


def define_flags():
    """Defines the command's flags."""
    flags.DEFINE_string(
        "alexnet",
        None,
        "AlexNet state dict of torchvision (.pth, .safetensors, .npz): "
        "features.N.weight and features.N.bias.",
    )
    flags.DEFINE_string(
        "lpips",
        None,
        "LPIPS v0.1 state dict for AlexNet (same formats): "
        "linN.model.1.weight.",
    )
    flags.DEFINE_string(
        "output", None, "File to write; its name ends in .weights.h5."
    )
    outputs.define_flags()
    flags.mark_flags_as_required(["alexnet", "lpips", "output"])


def convert(alexnet, lpips, output):
    """Writes the weights of `shared.metrics.lpips.LPIPS`, atomically.

    Args:
        alexnet: Path of torchvision's AlexNet state dict.
        lpips: Path of the LPIPS v0.1 state dict for AlexNet.
        output: Path to write, ending in `.weights.h5`.

    Raises:
        UserError: If a file cannot be read, lacks a tensor or has one of
            another shape, or `output` cannot be written.
    """
    output = os.fspath(output)
    folder = os.path.dirname(os.path.abspath(output))
    if not output.endswith(".weights.h5"):
        raise UserError(f"--output {output}: the name must end in .weights.h5")
    if not os.path.isdir(folder):
        raise UserError(f"--output {output}: no such folder {folder}")
    features, linear = read_state_dict(alexnet), read_state_dict(lpips)

    kernels, biases, weights = [], [], []
    for index, layer in enumerate(ALEXNET_LAYERS):
        name = f"features.{layer}"
        kernels.append(_Named(alexnet, features, f"{name}.weight"))
        biases.append(_Named(alexnet, features, f"{name}.bias"))
        weights.append(_Named(lpips, linear, f"lin{index}.model.1.weight"))

    # Keras takes seconds to import: the files are looked into first.
    from shared.metrics.lpips import LPIPS

    network = LPIPS()
    for index, convolution in enumerate(network.convolutions):
        size, _, inputs, filters = convolution.kernel.shape
        kernel = kernels[index].array((filters, inputs, size, size))
        convolution.kernel.assign(kernel.transpose(2, 3, 1, 0))
        convolution.bias.assign(biases[index].array((filters,)))
        network.channel_weights[index].assign(
            weights[index].array((1, filters, 1, 1)).reshape(filters)
        )

    # Only whole files get the name that was asked for.
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        whole = os.path.join(temporary, "lpips.weights.h5")
        network.save_weights(whole)
        os.replace(whole, output)


class _Named:
    """A tensor of a file, and both their names for the error messages."""

    def __init__(self, path, tensors, name):
        if name not in tensors:
            raise UserError(
                f"{path}: no tensor {name}; is it the published file?"
            )
        self.path, self.name, self.value = path, name, tensors[name]

    def array(self, shape):
        """Returns it as float32; UserError unless of this shape, finite."""
        where = f"{self.path}: {self.name}"
        if self.value.shape != shape:
            raise UserError(
                f"{where} has shape {list(self.value.shape)}, expected "
                f"{list(shape)}"
            )
        value = self.value.astype("float32")
        if not np.isfinite(value).all():
            raise UserError(f"{where} holds a number that is not finite")
        return value


def main(arguments):
    """Runs the command."""
    no_arguments(arguments)
    values = flags.FLAGS
    inputs = (values.alexnet, values.lpips)
    outputs.refuse_existing(values.output, values.overwrite, inputs)
    convert(values.alexnet, values.lpips, values.output)
    say(f"wrote {values.output}")


if __name__ == "__main__":
    define_flags()
    run_main(main)
