"""The flags of commands that take a data set."""

from absl import flags


def define_flags(text, choices, values=flags.FLAGS) -> None:
    """Defines --dataset and --data_dir.

    Args:
        text: What the data set is taken for.
        choices: Names of the data sets that can be taken.
        values: FlagValues.
    """
    flags.DEFINE_enum("dataset", "mnist", choices, text, flag_values=values)
    flags.DEFINE_string(
        "data_dir",
        None,
        "File or folder of the data set. Default: fetch it through "
        "TensorFlow Datasets.",
        flag_values=values,
    )
