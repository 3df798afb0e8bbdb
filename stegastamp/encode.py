"""Hide a message in a photo, or in every photo of a directory.

    python -m stegastamp.encode --image photo.jpg --save_dir out \\
        --secret 'Stega!!'
    python -m stegastamp.encode --images_dir photos --save_dir out \\
        --secret 'Stega!!' --format jpg --quality 90
    python -m stegastamp.encode --image photo.jpg --save_dir out \\
        --secret 'Stega!!' --key_file key.txt

Writes NAME_hidden.png, the photo with the message, and NAME_residual.png,
what was added to it (gray is nothing). The photo keeps its size, its shape,
its transparency and its bit depth. Each file is read back before it is put in
place: a photo whose message did not survive the format is not written.

Exit code: 0 if all photos were stamped, 1 if one was not (the others are),
130 after Ctrl-C.
"""

import concurrent.futures
import dataclasses
import functools
import sys
from pathlib import Path

import cv2
from absl import flags

from shared import keys
from shared.errors import UserError, error_line, no_arguments, run_main
from shared.images import (
    Photo,
    decode_photo,
    encode_photo,
    list_photos,
    make_directory,
    read_photo,
    write_bytes,
)
from stegastamp import api

_LOSSLESS = ("png", "tiff")


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    flags.DEFINE_string(
        "image", None, "The photo to hide the message in.", flag_values=values
    )
    flags.DEFINE_string(
        "images_dir",
        None,
        "Instead of --image: a directory whose photos all get the message.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "save_dir",
        None,
        "Directory for the results; made if it is missing.",
        flag_values=values,
    )
    flags.DEFINE_string(
        "secret",
        None,
        "The message: up to 7 bytes of UTF-8 text with a 100-bit model.",
        flag_values=values,
    )
    flags.DEFINE_float(
        "strength",
        1.0,
        "How strongly the photo is changed: 0.7 is harder to see, 1.5 holds "
        "better in print.",
        lower_bound=0.01,
        upper_bound=10.0,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "format",
        "png",
        ["png", "jpg", "webp", "tiff"],
        "File format of NAME_hidden. png and tiff keep every bit; jpg cannot "
        "hold transparency; jpg and webp hold 8 bits.",
        flag_values=values,
    )
    flags.DEFINE_integer(
        "quality",
        95,
        "Quality of jpg and webp files.",
        lower_bound=1,
        upper_bound=100,
        flag_values=values,
    )
    flags.DEFINE_enum(
        "check",
        "error",
        ["error", "warn", "off"],
        "What to do if the message cannot be read back from the file: not "
        "write the file and fail; write it and warn; or not look.",
        flag_values=values,
    )
    flags.DEFINE_bool(
        "residual", True, "Also write NAME_residual.png.", flag_values=values
    )
    flags.DEFINE_bool(
        "timings",
        False,
        "Print the milliseconds of each stage for each photo.",
        flag_values=values,
    )
    keys.define_flags(values)
    api.define_flags(values)


@dataclasses.dataclass(frozen=True)
class Stamper:
    """Stamps photo files; one object serves a whole batch.

    Attributes:
        encoder: stegastamp.Encoder.
        decoder: stegastamp.Decoder, or None not to check.
        secret: str.
        save_dir: Path of an existing directory.
        strength, format, quality, check, residual, max_pixels: as the flags.
        key: str that will be needed to read the message, or None.
    """

    encoder: api.Encoder
    decoder: api.Decoder | None
    secret: str
    save_dir: Path
    strength: float = 1.0
    format: str = "png"
    quality: int = 95
    check: str = "error"
    residual: bool = True
    max_pixels: int = 200_000_000
    key: str | None = None

    def target(self, path):
        """Where the stamped photo of `path` goes."""
        return self.save_dir / f"{Path(path).stem}_hidden.{self.format}"

    def stamp(self, path):
        """Stamps one photo file and writes the results.

        Returns:
            (target, timings): Path of the stamped photo; api.Timings.

        Raises:
            UserError: naming the file, if it cannot be read, carry the
                message, be written, or be read back. Nothing is written then.
        """
        timings = api.Timings()
        target = self.target(path)
        with timings.stage("read"):
            photo = read_photo(path, self.max_pixels)
        try:
            stamped, residual = self.encoder.encode(
                photo.array, self.secret, self.strength, timings, key=self.key
            )
        except ValueError as error:
            raise UserError(f"{path}: {error}") from error
        # The two files compress side by side; OpenCV lets go of Python's lock.
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            picture = None
            if self.residual:
                picture = pool.submit(_residual_png, residual, photo.gray)
            with timings.stage("write"):
                try:
                    data = encode_photo(
                        photo.with_array(stamped),
                        f".{self.format}",
                        self.quality,
                    )
                except UserError as error:
                    raise UserError(f"{target}: {error}") from error
            if self.decoder:
                with timings.stage("check"):
                    self._check(target, data, stamped)
            with timings.stage("write"):
                write_bytes(target, data)
                if picture:
                    name = f"{Path(path).stem}_residual.png"
                    write_bytes(self.save_dir / name, picture.result())
        return target, timings

    def _check(self, target, data, stamped):
        if self.format not in _LOSSLESS:
            stamped = decode_photo(data, str(target), self.max_pixels).array
        found = self.decoder.decode(stamped, key=self.key)
        if found and found.message == self.secret:
            return
        message = (
            f"{target}: the message cannot be read back; use a higher "
            "--strength"
        )
        if self.format not in _LOSSLESS:
            message += " or --quality, or --format=png"
        if self.check == "error":
            raise UserError(f"{message} (not written; --check=warn writes it)")
        print(f"warning: {message}", file=sys.stderr)


def _residual_png(residual, gray):
    """A residual as a picture, 0 being middle gray: bytes of a PNG."""
    # With a second weight of 0 this is one pass of scale, shift and saturate.
    picture = cv2.addWeighted(
        residual, 255.0, residual, 0.0, 127.5, dtype=cv2.CV_8U
    ).reshape(residual.shape)
    if gray:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    return encode_photo(Photo(picture, gray=gray), ".png")


def choose_photos(image, images_dir):
    """The photos that --image or --images_dir name.

    Returns:
        non-empty list of Path.

    Raises:
        UserError: if both flags are given, or none, or there are no photos.
    """
    if bool(image) == bool(images_dir):
        raise UserError("give one of --image and --images_dir")
    return [Path(image)] if image else list_photos(images_dir)


def progress(paths, batch):
    """Iterates over a batch with a progress bar, over one photo without.

    Returns:
        (iterable, say): the paths; a function of a line, and of the file to
        print it to (default stdout), that does not print into the bar.
    """
    if not batch:
        return paths, functools.partial(print, flush=True)
    # Not at the top: one photo should not wait for it.
    from tqdm import tqdm

    def say(line, file=None):
        tqdm.write(line, file=file)
        (file or sys.stdout).flush()

    # On a terminal only (None), so that logs stay readable.
    return tqdm(paths, unit="photo", disable=None, leave=False), say


def stamp_photos(stamper, paths, batch, timings=False):
    """Stamps photo files one after the other; a bad one does not stop it.

    Args:
        stamper: Stamper.
        paths: list of Path.
        batch: bool, whether to show a bar and a summary.
        timings: bool, whether to print the stages' milliseconds.

    Returns:
        int, the command's exit code.
    """
    sources = {}
    failures = 0
    photos, say = progress(paths, batch)
    for path in photos:
        try:
            target = stamper.target(path)
            other = sources.setdefault(target, path)
            if other != path:
                raise UserError(
                    f"{path}: {target} already holds {other.name}; rename one"
                )
            target, spent = stamper.stamp(path)
        except UserError as error:
            say(error_line(error), file=sys.stderr)
            failures += 1
            continue
        say(f"{path} -> {target}")
        if timings:
            say(f"  {spent}")
    if batch:
        print(f"stamped {len(paths) - failures} of {len(paths)} photos")
    return 1 if failures else 0


def main(arguments, values=flags.FLAGS):
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    paths = choose_photos(values.image, values.images_dir)
    if not values.save_dir:
        raise UserError("--save_dir is missing: where should the results go?")
    if values.secret is None:
        raise UserError("--secret is missing: what should the photo say?")
    key = keys.read_key(values, confirm=True)
    if values.threads:
        cv2.setNumThreads(values.threads)
    settings = (values.model, values.threads, values.provider)
    encoder = api.Encoder(*settings)
    try:
        encoder.codec.encode(values.secret)
    except ValueError as error:
        raise UserError(f"--secret: {error}") from error
    decoder = None if values.check == "off" else encoder.decoder
    make_directory(values.save_dir)
    stamper = Stamper(
        encoder,
        decoder,
        values.secret,
        Path(values.save_dir),
        values.strength,
        values.format,
        values.quality,
        values.check,
        values.residual,
        values.max_pixels,
        key,
    )
    batch = bool(values.images_dir)
    return stamp_photos(stamper, paths, batch, values.timings)


if __name__ == "__main__":
    define_flags()
    run_main(main)
