"""How near the differentiable JPEG comes to the real codec.

    python -m benchmarks.jpeg_fidelity --images_dir DIR --output JSON

Compresses every photo with libjpeg (through OpenCV) and with
`shared.ops.jpeg` at each quality, and prints the mean absolute pixel error
between the two, 0..255, for both roundings. Beside it stands what libjpeg
itself does to the photo: an error well below that means that the network
trains against the right damage.
"""

import cv2
import numpy as np
from absl import flags
from keras import ops

from benchmarks.common import define_output_flags, write_result
from shared import images
from shared.command import no_arguments, run_main
from shared.errors import UserError
from shared.ops.jpeg import jpeg

ROUNDINGS = ("cubic_zero", "cubic")
_SAMPLING = {
    "420": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420,
    "444": cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444,
}


def real_jpeg(pixels, quality, subsampling="420"):
    """Compress and decompress uint8 RGB [H, W, 3] with libjpeg."""
    _, data = cv2.imencode(
        ".jpg",
        cv2.cvtColor(pixels, cv2.COLOR_RGB2BGR),
        [
            cv2.IMWRITE_JPEG_QUALITY,
            quality,
            cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
            _SAMPLING[subsampling],
        ],
    )
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def measure(pixels, quality, subsampling="420"):
    """Mean absolute errors, 0..255, of one uint8 RGB [H, W, 3] photo.

    Returns a dict: per rounding, our JPEG against libjpeg's; under
    "libjpeg_damage", libjpeg's against the photo.
    """
    real = real_jpeg(pixels, quality, subsampling).astype(np.float32)
    original = pixels.astype(np.float32)
    errors = {}
    for rounding in ROUNDINGS:
        ours = jpeg(original[None] / 255, quality, subsampling, rounding)
        ours = ops.convert_to_numpy(ours)[0] * 255
        errors[rounding] = float(np.abs(ours - real).mean())
    errors["libjpeg_damage"] = float(np.abs(real - original).mean())
    return errors


def define_flags():
    """Define the command's flags."""
    flags.DEFINE_string(
        "images_dir", None, "Directory of photos to compress.", required=True
    )
    define_output_flags()
    flags.mark_flag_as_required("output")
    flags.DEFINE_list(
        "qualities", ["10", "25", "50", "75", "90", "95"], "JPEG qualities."
    )
    flags.DEFINE_enum(
        "subsampling", "420", ["420", "444"], "Chroma subsampling."
    )


def _parse_qualities(values):
    try:
        qualities = [int(value) for value in values]
    except ValueError:
        qualities = []
    if not qualities or min(qualities) < 1 or max(qualities) > 100:
        raise UserError(
            "--qualities: give whole numbers in 1..100, such as 25,50"
        )
    return qualities


def main(arguments):
    """Measure every photo, print the table and write it as JSON."""
    no_arguments(arguments)
    values = flags.FLAGS
    qualities = _parse_qualities(values.qualities)
    paths = images.list_photos(values.images_dir)
    sums = {quality: {} for quality in qualities}
    for path in paths:
        pixels = images.read_photo(path).rgb8
        for quality in qualities:
            errors = measure(pixels, quality, values.subsampling)
            for name, error in errors.items():
                sums[quality][name] = sums[quality].get(name, 0.0) + error
    rows = [
        {"quality": quality}
        | {name: total / len(paths) for name, total in totals.items()}
        for quality, totals in sums.items()
    ]
    print(
        f"{len(paths)} photos, {values.subsampling}: mean absolute error "
        "against libjpeg, 0..255"
    )
    print("quality  cubic_zero  cubic  (libjpeg against the photo)")
    for row in rows:
        print(
            f"{row['quality']:7d}  {row['cubic_zero']:10.2f}  "
            f"{row['cubic']:5.2f}  {row['libjpeg_damage']:.2f}"
        )
    report = {
        "images_dir": str(values.images_dir),
        "photos": len(paths),
        "subsampling": values.subsampling,
        "unit": "mean absolute pixel error, 0..255",
        "rows": rows,
    }
    write_result(report)


if __name__ == "__main__":
    define_flags()
    run_main(main)
