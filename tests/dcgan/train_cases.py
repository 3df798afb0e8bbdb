"""Runs trainings one after the other in one process, and says how each ended.

    python -m tests.dcgan.train_cases < CASES

CASES is JSON, a list of argument lists; the answer, the last line, is a list
of strings: "done", or the error. One process because importing TensorFlow
takes longer than most of the cases.
"""

import json
import sys

import keras
from absl import flags

from dcgan import train
from shared.errors import UserError


def outcome(arguments):
    flags.FLAGS.unparse_flags()
    for name in flags.FLAGS:
        flags.FLAGS[name].unparse()
    try:
        rest = flags.FLAGS(["train", *arguments])
        keras.backend.clear_session()
        train.main(rest[1:])
    except (UserError, flags.Error) as error:
        return str(error)
    return "done"


if __name__ == "__main__":
    train.define_flags()
    print(json.dumps([outcome(case) for case in json.load(sys.stdin)]))
