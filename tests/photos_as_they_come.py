"""Photo files of every kind that people have, made of one picture."""

import io

import numpy as np
import pytest
import tifffile
from PIL import Image

from tests.shared.phone_jpegs import LAYOUTS


def _saved(image, kind, **settings):
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def _tiff(pixels, **settings):
    file = io.BytesIO()
    tifffile.imwrite(file, pixels, **settings)
    return file.getvalue()


def _as_phone(jpeg, layout):
    """A JPEG with the segments before and the bytes behind another one's."""
    start = layout.index(b"\xff\xdb")
    behind = layout.index(b"\xff\xd9") + 2
    table = jpeg.index(b"\xff\xdb")
    return layout[:start] + jpeg[table:] + layout[behind:]


def phone_jpegs(picture):
    """Files by name: a picture, PIL RGB, in the layouts of phones."""
    jpeg = _saved(picture, "JPEG", quality=95)
    return {
        f"{name}.jpg": _as_phone(jpeg, layout)
        for name, (layout, *_) in LAYOUTS.items()
    }


def other_files(picture):
    """Files by name: every other format, depth and kind of channels."""
    gray = picture.convert("L")
    alpha = Image.linear_gradient("L").resize(picture.size)
    colour_alpha = picture.copy()
    colour_alpha.putalpha(alpha)
    gray_alpha = gray.copy()
    gray_alpha.putalpha(alpha)
    deep = np.asarray(picture).astype(np.uint16) * 257 + 3
    deep_alpha = np.dstack([deep, np.asarray(alpha).astype(np.uint16) * 257])
    deep_gray = np.dstack([deep[..., 0], deep_alpha[..., 3]])
    files = {
        "cmyk.jpg": _saved(picture.convert("CMYK"), "JPEG", quality=95),
        "gray.jpg": _saved(gray, "JPEG", quality=95),
        "jfif.jfif": _saved(picture, "JPEG", quality=95),
        "jpe.jpe": _saved(picture, "JPEG", quality=95),
        "palette.png": _saved(picture.quantize(64), "PNG"),
        "palette_clear.png": _saved(
            picture.quantize(64), "PNG", transparency=3
        ),
        "gray.png": _saved(gray, "PNG"),
        "gray_clear.png": _saved(
            gray, "PNG", transparency=int(np.median(gray))
        ),
        "gray_alpha.png": _saved(gray_alpha, "PNG"),
        "alpha.png": _saved(colour_alpha, "PNG"),
        "gray_alpha.tif": _saved(gray_alpha, "TIFF"),
        "planar.tif": _tiff(
            np.moveaxis(deep, -1, 0), photometric="rgb", planarconfig="separate"
        ),
        "deep.tif": _tiff(deep, photometric="rgb"),
        "deep_alpha.tif": _tiff(
            deep_alpha, photometric="rgb", extrasamples=["unassalpha"]
        ),
        "deep_gray_alpha.tif": _tiff(
            deep_gray, photometric="minisblack", extrasamples=["unassalpha"]
        ),
        "two.gif": _saved(picture, "GIF", save_all=True, append_images=[gray]),
        "alpha.webp": _saved(colour_alpha, "WEBP", lossless=True),
        "photo.avif": _saved(picture, "AVIF", quality=95),
        "photo.bmp": _saved(picture, "BMP"),
    }
    return files


def heic(picture):
    """A HEIC file; the test that asks is skipped without the extra package."""
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    return _saved(picture, "HEIF", quality=95)
