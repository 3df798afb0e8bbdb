"""What every command does: it takes flags and photos, and ends with a code."""

import _thread
import os
import sys
import threading
from pathlib import Path

from absl import app, flags

from shared.errors import UserError, report
from shared.text import is_utf8

# Whose flags --help lists. Where we are installed, other packages lie beside
# ours, and absl and TensorFlow define flags, too.
OURS = (
    "agns",
    "benchmarks",
    "dcgan",
    "malicious_ae",
    "shared",
    "stegastamp",
    "stego",
)


def drop_output():
    """The reader (`| head`) went away; Python's exit must not flush to it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def own_flags(values=flags.FLAGS):
    """The flags of ours that a command has.

    Returns:
        dict of absl's Flag by name.
    """
    # absl calls the file that is run by its path, not by its module.
    command = sys.argv[0]
    found = {
        flag.name: flag
        for module, defined in values.flags_by_module_dict().items()
        if module == command or module.split(".")[0] in OURS
        for flag in defined
    }
    return dict(sorted(found.items()))


def _show_all_flags(argv):
    """Lets --help list what other modules of ours defined for the command.

    absl lists those alone that the command's own file defines.
    """
    for flag in own_flags().values():
        flags.FLAGS.register_key_flag_for_module(argv[0], flag)


def _parse_flags(argv):
    _show_all_flags(argv)
    try:
        return flags.FLAGS(argv)
    except flags.Error as error:
        report(f"{error} (--help lists the flags)")
        sys.exit(2)
    except SystemExit:
        # Only --help and its kin exit here, and absl calls that a failure.
        sys.exit(0)
    except BrokenPipeError:
        drop_output()
        sys.exit(1)


def _never_fail_to_print():
    """Characters that a stream's encoding lacks are escaped, not an error."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _keep_interrupts():
    """Sends a Ctrl-C once more where nobody heard it.

    Python raises it at the next line that runs, and drops it if that belongs
    to a finalizer, or to a callback of the garbage collector (Keras and JAX
    have such).
    """
    tell = sys.unraisablehook

    def hear(unraisable):
        if unraisable.exc_type is KeyboardInterrupt:
            threading.Timer(0.01, _thread.interrupt_main).start()
        else:
            tell(unraisable)

    sys.unraisablehook = hear


def _flag_that_failed(error):
    """The name of a flag whose value is not UTF-8 and made an error, or None.

    Python keeps the other bytes of a command line as lone surrogates, which
    file names may have; what else takes a string raises UnicodeEncodeError.
    """
    for name, value in flags.FLAGS.flag_values_dict().items():
        for text in value if isinstance(value, list) else [value]:
            if isinstance(text, str) and not is_utf8(text):
                if text in error.object:
                    return name
    return None


def run_main(main):
    """Runs a command: parses the flags, calls `main`, exits with its code.

    Call it under `if __name__ == "__main__":`, after the flags are defined.
    Exit codes: what `main` returns (None is 0); 1 after a UserError or an
    operating system error, 2 after a bad flag, 130 after Ctrl-C. None of them
    prints a traceback; any other exception is a bug of ours and does.

    Args:
        main: function of the list of positional arguments (without the
            command's own name), returning an exit code or None.
    """

    def guarded(argv):
        try:
            code = main(argv[1:])
            sys.stdout.flush()
            return code
        except UserError as error:
            report(error)
            return 1
        except KeyboardInterrupt:
            report("interrupted")
            return 130
        except BrokenPipeError:
            drop_output()
            return 1
        except UnicodeEncodeError as error:
            flag = _flag_that_failed(error)
            if not flag:
                raise
            report(f"--{flag}: is not UTF-8; spell it in UTF-8")
            return 1
        except OSError as error:
            name = f"{error.filename}: " if error.filename else ""
            report(f"{name}{error.strerror or error}")
            return 1

    _never_fail_to_print()
    _keep_interrupts()
    app.run(guarded, flags_parser=_parse_flags)


def no_arguments(arguments):
    """Refuses positional arguments, which are nearly always a lost flag.

    Raises:
        UserError: if there is any.
    """
    if arguments:
        raise UserError(
            f"unexpected argument {arguments[0]!r}; every input goes in a "
            "flag (--help lists them)"
        )


def define_photo_flags(image, images_dir, values=flags.FLAGS):
    """Defines --image and --images_dir, which `choose_photos` reads.

    Args:
        image, images_dir: str, what --help says of each.
        values: FlagValues.
    """
    flags.DEFINE_string("image", None, image, flag_values=values)
    flags.DEFINE_string("images_dir", None, images_dir, flag_values=values)


def check_one_of(values, *names):
    """Refuses flags of which not exactly one is given.

    Args:
        values: FlagValues.
        names: str, two flags or more.

    Raises:
        UserError: if none of them is given, or several are.
    """
    if sum(bool(values[name].value) for name in names) != 1:
        *first, last = [f"--{name}" for name in names]
        raise UserError(f"give one of {', '.join(first)} and {last}")


def choose_photos(values, find=None):
    """The photos that --image or --images_dir name.

    Args:
        values: FlagValues.
        find: how the photos of a folder are found, a function of the folder;
            default `find_photos`, of that folder alone.

    Returns:
        (paths, left_out): non-empty list of Path; LeftOut of the directory.

    Raises:
        UserError: if both flags are given, or none, or there are no photos.
    """
    # Not at the top: `--help` of all commands should not wait for OpenCV.
    from shared.photo_folders import LeftOut, find_photos

    check_one_of(values, "image", "images_dir")
    if values.image:
        return [Path(values.image)], LeftOut()
    return (find or find_photos)(values.images_dir)


def progress(paths, batch):
    """The paths; of a batch, with a progress bar."""
    if not batch:
        return paths
    # Not at the top: one photo should not wait for it.
    from tqdm import tqdm

    # On a terminal only (None), so that logs stay readable.
    return tqdm(paths, unit="photo", disable=None, leave=False)
