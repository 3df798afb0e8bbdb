"""Messages under a key in photos: bound to them, old ones read, flags."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.images import Photo, read_photo, write_photo
from stego import api, decode, encode
from stego.codec import Codec
from stego.sealed import SealedCodec
from stego.tiles import count_tiles, digest
from tests.stegastamp.commands import call

DATA = Path(__file__).parent / "data"
PHOTO = DATA / "parrots.png"
DECOMPOSED = "Schlu\u0308ssel"
COMPOSED = "Schl\u00fcssel"


@pytest.fixture(scope="module")
def decoder(encoder):
    return encoder.decoder


def noise(height, width, channels=3, dtype=np.uint8, seed=0):
    random = np.random.default_rng(seed)
    shape = (height, width, channels) if channels else (height, width)
    return random.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def is_lost(decoder, image, key):
    try:
        decoder.decode(image, key)
    except (api.NoMessage, api.DamagedMessage):
        return True
    return False


def transplant(encoder, source, target):
    """Reads all bits of a photo and hides them in another, without a key."""
    decoder = encoder.decoder
    size = decoder.output_size
    tiles = np.arange(count_tiles(*source.shape[:2], size))
    source, target = (
        api._Canvas(image, decoder, encoder) for image in (source, target)
    )
    target.write(tiles, source.read(tiles))
    assert (target.read(tiles) == source.read(tiles)).all()


@pytest.mark.parametrize("length", [3, 300, "full"])
def test_bits_carried_to_another_photo_do_not_verify(encoder, pixels, length):
    capacity = encoder.capacity(pixels, "key")
    data = b"x" * (capacity if length == "full" else length)
    hidden = encoder.encode(pixels, data, "key").image
    assert encoder.decoder.decode(hidden, "key").bound
    for other in (pixels[::-1], pixels[:, ::-1], np.roll(pixels, 1, 0)):
        other = other.copy()
        transplant(encoder, hidden, other)
        assert is_lost(encoder.decoder, other, "key")


def test_an_old_message_carried_along_is_not_bound(encoder, decoder, pixels):
    old = read_photo(DATA / "old_key.png").array
    other = np.ascontiguousarray(pixels[:64, :96, 0])
    transplant(encoder, old[..., None], other[..., None])
    assert not decoder.decode(other, "key").bound


def test_a_changed_pixel_anywhere_outside_the_header_is_noticed(encoder):
    image = noise(135, 173)
    hidden = encoder.encode(image, b"bound", "key").image
    kept = 0
    for top in range(0, 135, 32):
        for left in range(0, 173, 32):
            changed = hidden.copy()
            changed[top + 3, left + 2, 1] ^= 4
            kept += not is_lost(encoder.decoder, changed, "key")
    # 4 x 5 tiles and the rests of 6 + 4: three tiles hold the header.
    assert kept <= 3


def test_every_low_byte_of_a_deep_photo_is_bound(encoder):
    image = noise(64, 96, dtype=np.uint16)
    hidden = encoder.encode(image, b"deep", "key").image
    np.testing.assert_array_equal(hidden & 255, image & 255)
    for top in range(0, 64, 32):
        for left in range(0, 96, 32):
            changed = hidden.copy()
            changed[top, left, 0] ^= 1
            assert is_lost(encoder.decoder, changed, "key")


def test_gray_stored_as_colour_and_transparency_are_the_same_photo(encoder):
    gray = encoder.encode(noise(64, 96, 0), b"kept", "key").image
    color = np.repeat(gray[..., None], 3, axis=2)
    clear = np.dstack([color, gray])
    for image in (gray, gray[..., None], color, clear):
        assert encoder.decoder.decode(image, "key").bound


@settings(max_examples=15, deadline=None)
@given(
    height=st.integers(32, 100),
    width=st.integers(64, 140),
    channels=st.sampled_from([0, 1, 3, 4]),
    dtype=st.sampled_from([np.uint8, np.uint16]),
    key=st.text(min_size=1, max_size=9).filter(
        lambda key: key.isprintable() or key.isspace()
    ),
    share=st.floats(0, 1),
)
def test_any_photo_keeps_what_fits(
    encoder, height, width, channels, dtype, key, share
):
    image = noise(height, width, channels, dtype)
    capacity = encoder.capacity(image, key)
    if not capacity:
        with pytest.raises(ValueError, match="0 that fit"):
            encoder.encode(image, b"x", key)
        return
    data = bytes(round(1 + share * (capacity - 1)))
    hidden = encoder.encode(image, data, key, is_text=False)
    assert hidden.capacity == capacity
    found = encoder.decoder.decode(hidden.image, key)
    assert (found.data, found.is_text, found.bound) == (data, False, True)
    assert is_lost(encoder.decoder, hidden.image, key + "\u2003")
    with pytest.raises(ValueError, match="1 more than"):
        encoder.encode(image, bytes(capacity + 1), key)


def test_one_text_twice_is_hidden_in_other_places(encoder, pixels):
    twice = [encoder.encode(pixels, b"same", "key").image for _ in range(2)]
    places = [(image != pixels).any(axis=2) for image in twice]
    tiles = [
        place[:192, :256].reshape(6, 32, 8, 32).any(axis=(1, 3))
        for place in places
    ]
    assert [tile.sum() for tile in tiles] == [10, 10]
    assert (twice[0] != twice[1]).any()
    assert (tiles[0] != tiles[1]).any()


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("old_key", "key"),
        ("old_decomposed_key", DECOMPOSED),
        ("old_decomposed_key", COMPOSED),
    ],
)
def test_messages_of_earlier_versions_are_read_and_said_to_be_unbound(
    decoder, name, key
):
    image = read_photo(DATA / f"{name}.png").array
    found = decoder.decode(image, key)
    assert (found.text, found.bound) == ("Zeit 🙂", False)
    code, out, err = call(decode, f"--image={DATA / name}.png", f"--key={key}")
    assert (code, out) == (0, "Zeit 🙂\n")
    assert err.startswith("warning: ") and "earlier version" in err
    assert err.count("\n") == 1
    for other in ("Key", None):
        with pytest.raises(api.NoMessage):
            decoder.decode(image, other)


def test_what_earlier_versions_hid_without_a_key_is_hidden_alike(
    encoder, decoder
):
    image = read_photo(DATA / "old_no_key.png").array
    found = decoder.decode(image)
    assert (found.text, found.bound) == ("Zeit 🙂", False)
    # Hidden once more in the same photo, not one level changes.
    again = encoder.encode(image, "Zeit 🙂".encode()).image
    np.testing.assert_array_equal(again, image)


def test_what_this_version_hid_under_a_key_is_read_by_later_ones(decoder):
    image = read_photo(DATA / "sealed.png").array
    assert decoder.decode(image, COMPOSED).text == "Zeit 🙂"
    assert decoder.decode(image, DECOMPOSED).bound


def test_the_codec_says_what_a_photo_holds_with_a_key(encoder, pixels):
    codec = encoder.decoder.codec(pixels, "key")
    assert isinstance(codec, SealedCodec)
    assert isinstance(encoder.decoder.codec(pixels), Codec)
    assert encoder.capacity(pixels, "key") == codec.capacity
    # 3 of 48 tiles hold the header, in place of 12 bytes.
    assert 0 < encoder.capacity(pixels) - codec.capacity < 40


@pytest.mark.parametrize("key", ["", "\udcff", b"key"])
def test_what_is_no_key_is_refused(encoder, pixels, key):
    for call_with in (
        lambda: encoder.capacity(pixels, key),
        lambda: encoder.encode(pixels, b"x", key),
        lambda: encoder.decoder.decode(pixels, key),
    ):
        with pytest.raises(ValueError, match="the key"):
            call_with()


def test_the_hash_of_a_photo_takes_no_copy_of_it():
    image = noise(2048, 1024)
    tiles = np.arange(0, count_tiles(2048, 1024, 32), 4)
    tracemalloc.start()
    digest(image, 32, tiles)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < image.nbytes / 10


def test_a_short_message_takes_one_copy_of_the_photo_and_reading_none(encoder):
    image = noise(1024, 1024)
    tracemalloc.start()
    hidden = encoder.encode(image, b"short", "key").image
    assert tracemalloc.get_traced_memory()[1] < 1.5 * image.nbytes
    tracemalloc.reset_peak()
    before = tracemalloc.get_traced_memory()[0]
    encoder.decoder.decode(hidden, "key")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak - before < 0.2 * image.nbytes


def test_the_hash_tells_sizes_depths_and_levels_apart():
    image = noise(64, 96)
    images = [
        image,
        image.reshape(96, 64, 3),
        image.astype(np.uint16),
        image ^ 1,
        image[..., :1],
        image[:63],
    ]
    hashes = {digest(each, 32, []) for each in images}
    assert len(hashes) == len(images)
    assert digest(image, 32, [1]) not in hashes
    # In a tile that is left out nothing counts, beside it everything does.
    changed = image.copy()
    changed[:32, 32:64] ^= 255
    assert digest(changed, 32, [1]) == digest(image, 32, [1])
    changed[31, 31] ^= 1
    assert digest(changed, 32, [1]) != digest(image, 32, [1])


def test_the_command_says_what_can_be_told_of_a_changed_photo(
    tmp_path, encoder, pixels
):
    hidden = encoder.encode(pixels, b"mine", "key")
    canvas = api._Canvas(hidden.image, encoder.decoder)
    codec = encoder.decoder.codec(pixels, "key")
    _, header, others = codec._divide_reserve(canvas)
    outcomes = []
    for tile in (codec._open[0], others[0]):
        image = hidden.image.copy()
        y, x = divmod(int(tile), 8)
        image[32 * y, 32 * x] ^= 1
        write_photo(tmp_path / "changed.png", Photo(image), overwrite=True)
        path = tmp_path / "changed.png"
        code, out, err = call(decode, f"--image={path}", "--key=key")
        assert (code, out, err.count("\n")) == (1, "", 1)
        outcomes.append(err)
    assert "no message found with this key" in outcomes[0]
    assert "changed since, cannot be told" in outcomes[0]
    assert "the photo was changed: its message is damaged" in outcomes[1]


@pytest.mark.parametrize("command", [encode, decode])
@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--key="], "--key: the key is empty"),
        (["--key=k\udcff"], "--key: the key is not UTF-8"),
        (["--key_env=NO_SUCH_KEY"], "--key_env=NO_SUCH_KEY: there is no"),
        (["--key_file=missing"], "--key_file: missing: cannot be read"),
        (["--key=a", "--key_env=B"], "give one of --key, --key_env"),
        (["--key_prompt"], "--key_prompt: there is no terminal"),
    ],
)
def test_bad_keys_get_one_line_and_write_nothing(
    tmp_path, monkeypatch, command, flags, words
):
    monkeypatch.chdir(tmp_path)
    if command is encode:
        flags = [*flags, "--text=a", "--output=o.png"]
    code, out, err = call(command, f"--image={PHOTO}", *flags)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert words in err and "Traceback" not in err
    assert list(tmp_path.iterdir()) == []


def test_a_key_from_a_file_is_the_key_from_a_variable(tmp_path, monkeypatch):
    output = tmp_path / "o.png"
    (tmp_path / "key").write_text("open sesame\n")
    monkeypatch.setenv("MY_KEY", "open sesame")
    code, _, err = call(
        encode,
        f"--image={PHOTO}",
        "--text=treasure",
        f"--output={output}",
        f"--key_file={tmp_path / 'key'}",
    )
    assert (code, err) == (0, "")
    for flag in ("--key_env=MY_KEY", "--key=open sesame"):
        assert call(decode, f"--image={output}", flag) == (0, "treasure\n", "")
    assert call(decode, f"--image={output}", "--key=open")[0] == 1
