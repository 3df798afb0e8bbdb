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
place: a photo whose message did not survive the format is not written. A
photo that carried a message already, or whose message has nothing to spare, is
written with a warning. Both files are written or none, and none that exists is
replaced without --overwrite.

In a directory, what an earlier run wrote beside its photos is left out, and a
photo whose NAME_hidden file already holds the message is skipped, so that the
same command continues a batch that was stopped. The last line counts what was
stamped, skipped and left out.

Exit code: 0 if all photos were stamped, 1 if one was not (the others are),
130 after Ctrl-C.
"""

import concurrent.futures
import dataclasses
from pathlib import Path

import cv2
import numpy as np
from absl import flags

import shared.outputs
from shared import keys
from shared.command import (
    choose_photos,
    define_photo_flags,
    no_arguments,
    progress,
    run_main,
)
from shared.errors import UserError, report
from shared.images import (
    Photo,
    decode_photo,
    define_writing_flags,
    encode_photo,
    losses,
    make_directory,
    read_photo,
    ready_for,
)
from shared.outputs import Outputs, write_files
from shared.photo_folders import leave_out_outputs
from shared.text import say, warn
from stegastamp import api
from stegastamp.photo_arrays import add
from stegastamp.read_back import (
    AT_THIS_PSNR,
    ReadBack,
    other_strength,
    unreadable,
)

_FORMATS = ("png", "jpg", "webp", "tiff")
_LOSSLESS = ("png", "tiff")
# What a run adds to a photo's name, and the formats of those files.
ENDINGS = {
    "_hidden": tuple(f".{name}" for name in _FORMATS),
    "_residual": (".png",),
}


def define_flags(values=flags.FLAGS):
    """Defines the command's flags."""
    define_photo_flags(
        "The photo to hide the message in; both sides at least "
        f"{api.MIN_SIDE} pixels.",
        "Instead of --image: a directory whose photos all get the message.",
        values,
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
        _FORMATS,
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
        "write the file and fail; write it and warn; or not look, nor warn of "
        "a message that is there already or has nothing to spare.",
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
    shared.outputs.define_flags(values)
    define_writing_flags(values)
    api.define_hiding_flags(values)
    api.define_flags(values)


@dataclasses.dataclass(frozen=True)
class Stamper:
    """Stamps photo files; one object serves a whole batch.

    Attributes:
        encoder: stegastamp.Encoder.
        decoder: stegastamp.Decoder, or None not to read anything back.
        secret: str.
        save_dir: Path of an existing directory.
        strength, format, quality, check, residual, max_pixels, target_psnr,
            target_robustness: as the flags.
        key: str that will be needed to read the message, or None.
        strip_metadata: bool, whether only the pixels are kept.
        outputs: Outputs that says which files may be written.
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
    strip_metadata: bool = False
    outputs: Outputs = dataclasses.field(default_factory=Outputs)
    target_psnr: float | None = None
    target_robustness: str = "print"

    def target(self, path):
        """Where the stamped photo of `path` goes."""
        return self.save_dir / f"{Path(path).stem}_hidden.{self.format}"

    def residual_target(self, path):
        """Where the residual picture of `path` goes, or None."""
        if not self.residual:
            return None
        return self.save_dir / f"{Path(path).stem}_residual.png"

    def is_stamped(self, path):
        """Whether the target of `path` is there and holds this message.

        Whose photo it was, and at what strength, nobody can tell.

        Raises:
            UserError: if another photo of this run has the target.
        """
        target = self.target(path)
        self.outputs.reserve(target, path)
        if self.outputs.overwrite or not self.decoder or not target.is_file():
            return False
        try:
            photo = read_photo(target, self.max_pixels)
        except UserError:
            return False
        found = self.decoder.decode(photo.array, key=self.key)
        return bool(found) and found.message == self.secret

    def stamp(self, path):
        """Stamps one photo file and writes the results.

        Returns:
            (target, timings): Path of the stamped photo; api.Timings.

        Raises:
            UserError: naming the file, if it cannot be read, carry the
                message, be written, or be read back, or exists. Nothing is
                written then.
        """
        timings = api.Timings()
        target, residual_target = self.target(path), self.residual_target(path)
        self.outputs.claim(target, path)
        if residual_target:
            self.outputs.check(residual_target)
        with timings.stage("read"):
            photo = read_photo(path, self.max_pixels)
        if self.strip_metadata:
            photo = photo.stripped
        for note in (*photo.notes, *losses(photo, f".{self.format}")):
            warn(f"{path}: {note}")
        photo = ready_for(photo, f".{self.format}")
        look = self.decoder is not None and self.check != "off"
        if look:
            with timings.stage("look"):
                self._look(path, photo.array)
        said = ReadBack()
        try:
            stamped, residual = self.encoder.encode(
                photo.array,
                self.secret,
                self.strength,
                timings,
                key=self.key,
                # With a decoder of our own it is the file that is checked.
                check=self.decoder is None and self.check != "off",
                report=said,
                **self._target,
            )
        except ValueError as error:
            raise UserError(f"{path}: {error}") from error
        # The two files compress side by side; OpenCV lets go of Python's lock.
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            picture = None
            if residual_target:
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
            if look:
                with timings.stage("check"):
                    self._check(target, data, stamped, residual, photo, said)
            with timings.stage("write"):
                contents = {target: data}
                if picture:
                    contents[residual_target] = picture.result()
                write_files(contents, self.outputs.overwrite)
        return target, timings

    @property
    def _target(self):
        return {
            "target_psnr": self.target_psnr,
            "target_robustness": self.target_robustness,
        }

    def _look(self, path, array):
        """Warns of a message that the photo carries already."""
        found = self._glance(array)
        if found == self.secret:
            warn(f"{path}: already carries this message; twice shows more")
        elif found is not None:
            warn(
                f"{path}: already carries {found!r}, which will not be "
                "readable any more"
            )

    def _glance(self, array):
        """The message that one look at the whole photo reads, or None."""
        word = self.decoder.logits([array])[0]
        found = self.decoder.codec.decode(word, self.key)
        if not found and self.key:
            found = self.decoder.codec.decode(word)
        return found.message if found else None

    def _check(self, target, data, stamped, residual, photo, said):
        back = self._from_file(target, data, stamped)
        found = self.decoder.decode(back, key=self.key)
        if found and found.message == self.secret:
            if said.losses:
                warn(
                    f"{target}: the message can be read, but with nothing to "
                    f"spare: it may be lost after {' or '.join(said.losses)}"
                )
            return
        message = (
            f"{target}: {self._why_lost(target, stamped, residual, photo)}"
        )
        if self.check == "error":
            raise UserError(f"{message} (not written; --check=warn writes it)")
        warn(message)

    def _from_file(self, target, data, stamped):
        """A stamped photo as its file gives it back."""
        if self.format in _LOSSLESS:
            return stamped
        return decode_photo(data, str(target), self.max_pixels).array

    def _why_lost(self, target, stamped, residual, photo):
        """What to say of a photo whose message cannot be read back."""
        if self.target_psnr is not None:
            return AT_THIS_PSNR

        def reads(strength):
            # Strength multiplies the same residual.
            share = residual * np.float32(strength / self.strength)
            again = add(photo.array, share)
            data = encode_photo(
                photo.with_array(again), f".{self.format}", self.quality
            )
            again = self._from_file(target, data, again)
            return self._glance(again) == self.secret

        mends = []
        strength = other_strength(reads, self.strength)
        if strength is not None:
            mends.append(f"--strength={strength:g}")
        if self.format not in _LOSSLESS:
            if self._glance(stamped) == self.secret:
                mends.append("a higher --quality or --format=png")
        if not mends:
            return unreadable(self.encoder.effort)
        return f"the message cannot be read back; use {' or '.join(mends)}"


def _residual_png(residual, gray):
    """A residual as a picture, 0 being middle gray: bytes of a PNG."""
    # With a second weight of 0 this is one pass of scale, shift and saturate.
    picture = cv2.addWeighted(
        residual, 255.0, residual, 0.0, 127.5, dtype=cv2.CV_8U
    ).reshape(residual.shape)
    if gray:
        picture = cv2.cvtColor(picture, cv2.COLOR_GRAY2RGB)
    return encode_photo(Photo(picture, gray=gray), ".png")


def stamp_photos(stamper, paths, batch, timings=False, left_out=()):
    """Stamps photo files one after the other; a bad one does not stop it.

    Args:
        stamper: Stamper.
        paths: list of Path.
        batch: bool, whether to show a bar and a summary, and to skip photos
            that are already stamped.
        timings: bool, whether to print the stages' milliseconds.
        left_out: list of str, what the summary says was left out.

    Returns:
        int, the command's exit code.
    """
    failures = skipped = 0
    for path in progress(paths, batch):
        try:
            if batch and stamper.is_stamped(path):
                target = stamper.target(path)
                say(f"{path} -> {target}: already stamped: skipped")
                skipped += 1
                continue
            target, spent = stamper.stamp(path)
        except UserError as error:
            report(error)
            failures += 1
            continue
        say(f"{path} -> {target}")
        if timings:
            say(f"  {spent}")
    if batch:
        stamped = len(paths) - failures - skipped
        parts = [f"stamped {stamped} of {len(paths)} photos"]
        if skipped:
            parts.append(f"skipped {skipped} already stamped")
        if left_out:
            parts.append(f"left out {', '.join(left_out)}")
        say("; ".join(parts))
    return 1 if failures else 0


def main(arguments, values=flags.FLAGS):
    """Runs the command; returns its exit code."""
    no_arguments(arguments)
    paths, others = choose_photos(values)
    if not values.save_dir:
        raise UserError("--save_dir is missing: where should the results go?")
    if values.secret is None:
        raise UserError("--secret is missing: what should the photo say?")
    key = keys.read_key(values, confirm=True)
    if values.threads:
        cv2.setNumThreads(values.threads)
    settings = (values.model, values.threads, values.provider)
    if values.target_psnr is not None and values.strength != 1.0:
        raise UserError("give one of --strength and --target_psnr")
    encoder = api.Encoder(*settings, effort=values.effort)
    try:
        encoder.codec.encode(values.secret)
    except ValueError as error:
        raise UserError(f"--secret: {error}") from error
    batch, left_out = bool(values.images_dir), []
    if batch:
        paths, left_out = leave_out_outputs(paths, others, ENDINGS)
    # A batch reads what an earlier run left, whatever --check says.
    checks = batch or values.check != "off"
    decoder = encoder.decoder if checks else None
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
        values.strip_metadata,
        Outputs(values.overwrite, paths),
        values.target_psnr,
        values.target_robustness,
    )
    return stamp_photos(stamper, paths, batch, values.timings, left_out)


if __name__ == "__main__":
    define_flags()
    run_main(main)
