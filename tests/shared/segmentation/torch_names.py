"""Puts a PyTorch ENet's state into ours: names and layouts."""

import re

RULES = (
    (r"main_branch\.weight$", "_conv/kernel"),
    (r"\.out_activation\.weight$", "_out/alpha"),
    (r"ext_tconv1\.weight$", "_up/kernel"),
    (r"ext_tconv1_bnorm\.", "_up_norm/"),
    (r"main_conv1\.0\.weight$", "_main/kernel"),
    (r"main_conv1\.1\.", "_main_norm/"),
    (r"ext_conv(\d)\.0\.weight$", r"_conv\1/kernel"),
    (r"ext_conv(\d)\.1\.", r"_conv\1_norm/"),
    (r"ext_conv(\d)\.2\.weight$", r"_conv\1_act/alpha"),
    (r"ext_conv2\.3\.weight$", "_conv2b/kernel"),
    (r"ext_conv2\.4\.", "_conv2b_norm/"),
    (r"ext_conv2\.5\.weight$", "_conv2b_act/alpha"),
    (r"^(initial\w*)\.batch_norm\.", r"\1_norm/"),
)
NORMS = {
    "weight": "gamma",
    "bias": "beta",
    "running_mean": "moving_mean",
    "running_var": "moving_variance",
}


def keras_path(key):
    """Path of our variable for a `state_dict` key."""
    path = re.sub(
        r"^(initial\w*)\.out_activation\.weight", r"\1_act/alpha", key
    )
    for pattern, replacement in RULES:
        path = re.sub(
            rf"\.?{pattern}" if pattern[0] != "^" else pattern,
            replacement,
            path,
        )
    for theirs, ours in NORMS.items():
        path = re.sub(rf"/{theirs}$", f"/{ours}", path)
    if path.startswith("t") and "conv.weight" in path:
        path = path.replace(".weight", "/kernel")
    return path


def keras_layout(array, path):
    """A PyTorch array in the shape of our variable.

    Convolutions are OIHW there and HWIO here, transposed ones IOHW and HWOI:
    one transposition does for both.
    """
    if path.endswith("kernel"):
        return array.transpose(2, 3, 1, 0)
    if path.endswith("alpha"):
        return array.reshape(1, 1, 1)
    return array
