"""Photos of every kind, read and written; bad files; atomic writes."""

import os
import stat
import struct
import zlib
from pathlib import Path

import cv2
import numpy as np
import pytest

from shared.errors import UserError
from shared.images import (
    Photo,
    decode_photo,
    encode_photo,
    list_photos,
    make_directory,
    read_photo,
    resize_area,
    write_bytes,
    write_photo,
)
from shared.metadata import Metadata
from tests.shared.phone_jpegs import ISO_GAIN_MAP, LAYOUTS, MOTION, mpo

DATA = Path(__file__).parent / "data"


def _pixels(height=24, width=40, channels=3, dtype=np.uint8, seed=0):
    rng = np.random.default_rng(seed)
    top = np.iinfo(dtype).max
    return rng.integers(0, top + 1, (height, width, channels)).astype(dtype)


def _exif(orientation):
    return b"II*\0\x08\0\0\0\x01\0" + struct.pack(
        "<HHIHH4x", 0x112, 3, 1, orientation, 0
    )


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(suffix, orientation):
    done, data = cv2.imencodeWithMetadata(
        suffix,
        _pixels(),
        [cv2.IMAGE_METADATA_EXIF],
        [np.frombuffer(_exif(orientation), np.uint8)],
    )
    assert done
    # OpenCV turns the photo itself when it may drop alpha and depth.
    expected = cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1]
    photo = decode_photo(data.tobytes())
    np.testing.assert_array_equal(photo.pixels, expected)
    assert photo.pixels.shape[:2] == ((24, 40) if orientation < 5 else (40, 24))
    # Written again it is upright, with nothing left to turn.
    again = decode_photo(encode_photo(photo))
    np.testing.assert_array_equal(again.pixels, photo.pixels)


def test_broken_exif_does_not_spoil_a_sound_photo():
    done, data = cv2.imencodeWithMetadata(
        ".png",
        _pixels(),
        [cv2.IMAGE_METADATA_EXIF],
        [np.frombuffer(_exif(6)[:13], np.uint8)],
    )
    assert done
    assert decode_photo(data.tobytes()).pixels.shape == (24, 40, 3)


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("with_alpha", [False, True])
@pytest.mark.parametrize("gray", [False, True])
def test_lossless_formats_keep_everything(
    tmp_path, suffix, dtype, with_alpha, gray
):
    pixels = _pixels(dtype=dtype)
    if gray:
        pixels = np.repeat(pixels[..., :1], 3, axis=2)
    alpha = _pixels(channels=1, dtype=dtype, seed=1)[..., 0]
    photo = Photo(pixels, alpha if with_alpha else None, gray)
    path = tmp_path / f"photo{suffix}"
    write_photo(path, photo)
    again = read_photo(path)
    np.testing.assert_array_equal(again.pixels, pixels)
    assert again.bit_depth == 8 * dtype().itemsize
    assert (again.alpha is not None) == with_alpha
    if with_alpha:
        np.testing.assert_array_equal(again.alpha, alpha)
    assert again.gray == gray
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("name", ["cmyk.jpg", "cmyk.tif", "palette.png"])
def test_cmyk_and_palette_come_out_as_rgb(name):
    photo = read_photo(DATA / name)
    assert photo.pixels.shape == (24, 40, 3) and photo.alpha is None
    corners = {
        (3, 3): (200, 30, 30),
        (20, 35): (30, 200, 60),
        (3, 35): (250, 250, 250),
        (20, 3): (40, 80, 120),
    }
    for place, color in corners.items():
        np.testing.assert_allclose(photo.pixels[place], color, atol=6)


def test_gray_jpeg_stays_gray(tmp_path):
    cv2.imwrite(str(tmp_path / "a.jpg"), _pixels()[..., 0])
    photo = read_photo(tmp_path / "a.jpg")
    assert photo.gray and photo.array.ndim == 2
    assert photo.with_array(photo.array).pixels.shape == (24, 40, 3)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tiff"])
def test_colour_profile_travels_along(suffix):
    profile = (DATA / "srgb.icc").read_bytes()
    photo = Photo(_pixels(), metadata=Metadata(icc_profile=profile))
    again = decode_photo(encode_photo(photo, suffix))
    assert again.metadata.icc_profile == profile


@pytest.mark.parametrize("suffix", [".jpg", ".bmp"])
def test_transparency_is_not_dropped_silently(suffix):
    photo = Photo(_pixels(), alpha=_pixels(channels=1)[..., 0])
    with pytest.raises(UserError, match="transparency"):
        encode_photo(photo, suffix)


def test_quality_makes_the_difference():
    photo = Photo(_pixels(100, 100))
    for suffix in (".jpg", ".webp"):
        small = encode_photo(photo, suffix, 10)
        assert len(small) < len(encode_photo(photo, suffix, 95)) / 2


def test_a_photo_too_long_for_the_format_is_refused():
    with pytest.raises(UserError, match="does not fit .webp"):
        encode_photo(Photo(np.zeros((1, 17000, 3), np.uint8)), ".webp")


@pytest.mark.parametrize("size", [(1, 1), (4000, 20), (1, 70000)])
def test_any_shape_is_read(tmp_path, size):
    write_photo(tmp_path / "a.png", Photo(np.zeros((*size, 3), np.uint8)))
    assert read_photo(tmp_path / "a.png").pixels.shape == (*size, 3)


def _png_of(width, height):
    def chunk(kind, body):
        return (
            struct.pack(">I", len(body))
            + kind
            + body
            + struct.pack(">I", zlib.crc32(kind + body))
        )

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0" * 1000))
        + chunk(b"IEND", b"")
    )


def test_a_bomb_is_refused_from_its_header(tmp_path):
    path = tmp_path / "bomb.png"
    path.write_bytes(_png_of(50_000, 50_000))
    with pytest.raises(UserError, match="50000 x 50000.*--max_pixels"):
        read_photo(path)
    with pytest.raises(UserError, match="24 x 40|40 x 24"):
        decode_photo(encode_photo(Photo(_pixels())), max_pixels=959)
    decode_photo(encode_photo(Photo(_pixels())), max_pixels=960)


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tiff", ".bmp"])
@pytest.mark.parametrize("keep", [0.3, 0.9, 0.99])
def test_truncated_files_are_refused(tmp_path, suffix, keep):
    data = encode_photo(Photo(_pixels(90, 110)), suffix)
    path = tmp_path / f"cut{suffix}"
    path.write_bytes(data[: int(keep * len(data))])
    with pytest.raises(UserError, match="cut short|damaged") as caught:
        read_photo(path)
    assert str(path) in str(caught.value)


def test_files_of_any_length_end_in_a_photo_or_one_line(tmp_path):
    device = Path("/dev/zero")
    if device.exists():
        with pytest.raises(UserError, match="is a device"):
            read_photo(device)
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    with pytest.raises(UserError, match="pipe.png: is empty"):
        read_photo(pipe)
    data = encode_photo(Photo(_pixels()))
    end, start = os.pipe()
    os.write(start, data)
    os.close(start)
    photo = read_photo(f"/dev/fd/{end}")
    os.close(end)
    np.testing.assert_array_equal(photo.pixels, _pixels())
    huge = tmp_path / "huge.png"
    with open(huge, "wb") as file:
        file.write(data)
        file.truncate(1 << 27)
    with pytest.raises(UserError, match="more than 67108867 bytes"):
        read_photo(huge, max_pixels=1)


def test_what_is_no_photo_says_so(tmp_path):
    text = tmp_path / "notes.png"
    text.write_text("Dear diary\n")
    (tmp_path / "empty.png").touch()
    for path, message in [
        (text, "cannot be read as a photo"),
        (tmp_path / "empty.png", "is empty"),
        (tmp_path / "none.png", "no such file"),
        (tmp_path, "is a directory"),
        (text / "below.png", "cannot be read"),
    ]:
        with pytest.raises(UserError, match=message) as caught:
            read_photo(path)
        assert str(caught.value).startswith(str(path))


def test_float_pixels_are_refused(tmp_path):
    cv2.imwrite(str(tmp_path / "a.tiff"), np.zeros((8, 8, 3), np.float32))
    with pytest.raises(UserError, match="8 or 16 bits"):
        read_photo(tmp_path / "a.tiff")


def test_a_failed_write_leaves_the_old_file_alone(tmp_path, monkeypatch):
    path = tmp_path / "a.png"
    write_bytes(path, b"old")

    def fail(source, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(UserError, match="a.png.*No space left"):
        write_bytes(path, b"new", overwrite=True)
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.png"]


def test_written_files_have_ordinary_permissions(tmp_path):
    write_bytes(tmp_path / "a", b"x")
    (tmp_path / "b").write_bytes(b"x")
    modes = [stat.S_IMODE((tmp_path / n).stat().st_mode) for n in "ab"]
    assert modes[0] == modes[1]


def test_a_directory_that_cannot_be_made(tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(UserError, match="file"):
        make_directory(tmp_path / "file" / "below")
    make_directory(tmp_path / "a" / "b")
    assert (tmp_path / "a" / "b").is_dir()


def test_sixteen_bits_are_rounded_to_eight():
    deep = np.array([0, 128, 129, 65_280, 65_535], np.uint16)
    photo = Photo(np.stack([deep] * 3, axis=-1)[None])
    assert photo.rgb8.dtype == np.uint8
    np.testing.assert_array_equal(photo.rgb8[0, :, 0], [0, 0, 1, 254, 255])
    eight = Photo(photo.rgb8)
    assert eight.rgb8 is eight.pixels


def test_list_photos(tmp_path):
    with pytest.raises(UserError, match="holds no photos"):
        list_photos(tmp_path)
    with pytest.raises(UserError, match="no such directory"):
        list_photos(tmp_path / "none")
    for name in ("b.PNG", "a.jpg", "c.txt", ".hidden.png"):
        (tmp_path / name).touch()
    (tmp_path / "folder.png").mkdir()
    assert [p.name for p in list_photos(tmp_path)] == ["a.jpg", "b.PNG"]
    with pytest.raises(UserError, match="not a directory"):
        list_photos(tmp_path / "a.jpg")


def test_a_file_of_another_name_is_a_photo_by_its_first_bytes(tmp_path):
    pixels = np.zeros((8, 8, 3), np.uint8)
    for suffix in (".jpg", ".png", ".webp"):
        data = encode_photo(Photo(pixels), suffix)
        (tmp_path / f"no suffix {suffix[1:]}").write_bytes(data)
        (tmp_path / f"a{suffix}.bak").write_bytes(data)
        (tmp_path / f".b{suffix}").write_bytes(data)
    (tmp_path / "phone.xyz").write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1")
    (tmp_path / "film.mov").write_bytes(b"\0\0\0\x14ftypqt  \0\0\0\0qt  ")
    # Raw files begin as TIFF does, and hold a small preview.
    (tmp_path / "raw.nef").write_bytes(b"II*\0" + bytes(99))
    (tmp_path / "letter").write_text("BMI is not a photo")
    assert [p.name for p in list_photos(tmp_path)] == [
        "a.jpg.bak", "a.png.bak", "a.webp.bak", "no suffix jpg",
        "no suffix png", "no suffix webp", "phone.xyz",
    ]  # fmt: skip


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_resize_area_is_the_mean_over_each_area(dtype):
    rng = np.random.default_rng(0)
    image = (rng.random((160, 96, 3)) * 200).astype(dtype)
    expected = image.astype(np.float64).reshape(16, 10, 8, 12, 3)
    expected = expected.mean(axis=(1, 3))
    result = resize_area(image, 16, 8)
    assert result.dtype == np.float32
    # The first of the two steps rounds integers to half a level at most.
    tolerance = 1e-4 if dtype == np.float32 else 0.5 / np.sqrt(16) * 3
    np.testing.assert_allclose(result, expected, atol=tolerance)
    assert abs((result - expected).mean()) < 0.05


def test_resize_area_treats_each_side_on_its_own():
    image = np.zeros((4, 400, 1), np.uint8)
    image[:, ::2] = 100
    result = resize_area(image, 16, 20)
    assert result.shape == (16, 20, 1)
    np.testing.assert_allclose(result, 50, atol=0.5)


def _wording(data):
    return sorted(decode_photo(data, "x").notes)


@pytest.mark.parametrize("name", ["MPF", "Ultra HDR", "motion photo", "MPO"])
def test_what_lies_behind_a_phone_jpeg_is_said(name):
    notes = _wording(LAYOUTS[name][0])
    assert notes and not any("behind the picture" in note for note in notes)


def test_what_lies_behind_a_jpeg_is_said_once():
    second = "a second picture in the file (MPF) is left out"
    further = "further pictures in the file (MPF) are left out"
    gain_map = "its HDR gain map is left out; the standard picture is used"
    motion = "the video of the motion photo is left out"
    behind = (
        "396 bytes behind the picture are left out (a video, a gain map or a "
        "second picture)"
    )
    trailer = b"RIFF" * 99
    assert _wording(LAYOUTS["plain"][0] + trailer) == [behind]
    assert _wording(mpo()) == [second]
    assert _wording(mpo(further=2)) == [further]
    # The gain map is the one picture that the index names, or one of more.
    assert _wording(mpo(ISO_GAIN_MAP)) == [gain_map]
    assert _wording(mpo(ISO_GAIN_MAP, further=2)) == [further, gain_map]
    # What is none of the pictures is said besides, by its name if it has one.
    assert _wording(mpo(behind=trailer)) == [behind, second]
    assert _wording(mpo(ISO_GAIN_MAP, behind=trailer)) == [behind, gain_map]
    assert _wording(mpo(MOTION, behind=trailer)) == [second, motion]
    assert _wording(mpo(MOTION, ISO_GAIN_MAP, behind=trailer)) == [
        gain_map,
        motion,
    ]
