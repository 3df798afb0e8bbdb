"""Runs commands one after the other in one process, and says how each ended.

    python -m tests.cases < CASES

CASES is JSON, a list of [module, arguments]; the answer, the last line, is a
list of strings: "done", or the error. One process because importing
TensorFlow takes longer than most of the cases.
"""

import importlib
import json
import sys

import keras
from absl import flags

from shared.errors import UserError

_KEPT = set(flags.FLAGS)


def outcome(name, arguments):
    """Runs one module's command with fresh flags."""
    values = flags.FLAGS
    for flag in list(values):
        if flag not in _KEPT:
            delattr(values, flag)
    module = importlib.import_module(name)
    module.define_flags()
    keras.backend.clear_session()
    keras.config.set_dtype_policy("float32")
    try:
        code = module.main(values([name, *arguments])[1:])
    except (UserError, flags.Error) as error:
        return str(error)
    return f"exit code {code}" if code else "done"


def main():
    """Answers what standard input asks."""
    print(json.dumps([outcome(*case) for case in json.load(sys.stdin)]))


if __name__ == "__main__":
    main()
