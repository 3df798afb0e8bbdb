"""Secrets under a key: found with it alone, in photos and out of them."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import stegastamp
from shared.images import read_photo
from stegastamp import decode, encode
from stegastamp.keyed import Lock, make_lock
from stegastamp.message import MAX_CORRECTED, Decoded, MessageCodec
from tests.stegastamp.commands import call
from tests.stegastamp.linear_model import write_linear_model
from tests.stegastamp.test_message import texts

DATA = Path(__file__).parent / "data"
CODEC = MessageCodec()
KEYS = ("key", "Key", "key ", "Schl\u00fcssel", "🙂" * 50)


@settings(max_examples=150, deadline=None)
@given(
    texts,
    st.sampled_from(KEYS),
    st.sets(st.integers(0, 99), max_size=MAX_CORRECTED),
)
def test_a_message_comes_back_with_its_key_and_with_no_other(text, key, wrong):
    word = CODEC.encode(text, key)
    word[list(wrong)] ^= 1
    assert CODEC.decode(word, key) == Decoded(text, len(wrong), keyed=True)
    for other in {None, *KEYS} - {key}:
        assert CODEC.decode(word, other) is None
    plain = CODEC.encode(text)
    plain[list(wrong)] ^= 1
    assert CODEC.decode(plain) == Decoded(text, len(wrong))
    assert CODEC.decode(plain, key) is None


@pytest.mark.parametrize("size", [48, 56, 99, 100, 136, 255])
def test_every_size_of_secret_takes_a_key(size):
    codec = MessageCodec(size)
    text = "abcdefghijklmnopqrstuvwxyz0123456789"[: codec.message_bytes]
    word = codec.encode(text, "key")
    assert word.shape == (size,) and word.dtype == np.uint8
    assert set(word.tolist()) == {0, 1}
    logits = np.where(word, 3.0, -3.0)
    found = codec.decode(logits, "key")
    assert found.message == text and found.keyed
    assert found.confidence == pytest.approx(np.tanh(1.5))


def test_words_of_other_keys_and_of_none_are_as_good_as_random():
    # The bound expects 1e-4 of all these to be accepted.
    rng = np.random.default_rng(0)
    for _ in range(400):
        text = "".join(rng.choice([*"abcXYZ019"], 7))
        words = {key: CODEC.encode(text, key) for key in (None, *KEYS)}
        for written, word in words.items():
            for key in words:
                assert (CODEC.decode(word, key) is None) == (key != written)
    bits = np.array([*words.values()])
    distances = (bits[:, None] != bits).sum(axis=2)[np.triu_indices(6, 1)]
    assert 25 < distances.min() and distances.max() < 75


def test_random_words_are_no_message_under_a_key():
    # Of 100,000 the bound expects 0.0014.
    words = np.random.default_rng(4).integers(0, 2, (100_000, 100), np.uint8)
    assert not any(CODEC.decode(word, "key") for word in words)


def test_words_under_one_key_do_not_add_up_to_a_message():
    messages = ("A000", "A001", "A003")
    plain = np.bitwise_xor.reduce([CODEC.encode(m) for m in messages])
    assert CODEC.decode(plain).message == "A002"
    chosen = 0
    rng = np.random.default_rng(5)
    for _ in range(100):
        three = rng.choice(1000, 3, replace=False)
        words = [CODEC.encode(f"A{number:03}", "key") for number in three]
        found = CODEC.decode(np.bitwise_xor.reduce(words), "key")
        chosen += found is not None and found.message.startswith("A")
    assert chosen == 0


@pytest.mark.parametrize("size", [1, 2, 7, 26])
def test_enciphering_can_be_undone_and_hits_each_string_once(size):
    lock = Lock("key", 8 * size + 40, size)
    rng = np.random.default_rng(size)
    strings = {rng.bytes(size) for _ in range(3000)}
    hit = {lock.encipher(data) for data in strings}
    assert len(hit) == len(strings)
    assert all(lock.decipher(lock.encipher(data)) == data for data in strings)
    assert all(lock.encipher(lock.decipher(data)) == data for data in hit)


def test_a_flipped_bit_of_the_message_changes_half_of_the_bits():
    lock = Lock("key", 100, 7)
    data = int.from_bytes(b"Stega!!", "big")
    images = [
        np.unpackbits(np.frombuffer(lock.encipher(n.to_bytes(7)), np.uint8))
        for n in (data, *(data ^ (1 << bit) for bit in range(56)))
    ]
    changed = (images[0] != images[1:]).mean()
    assert 0.47 < changed < 0.53


def test_composed_and_decomposed_letters_are_one_key():
    word = CODEC.encode("same", "Schl\u00fcssel")
    assert CODEC.decode(word, "Schlu\u0308ssel").message == "same"


def test_a_lock_is_made_once():
    assert make_lock("key", 100, 7) is make_lock("key", 100, 7)


def test_a_word_under_a_key_never_changes():
    # What is stamped today must be read by every later version.
    word = np.packbits(CODEC.encode("Stega!!", "key")).tobytes().hex()
    assert word == "6e71e88d8dd993057cb90c91d0"


@pytest.mark.parametrize("key", ["", "\udcff", b"key"])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(ValueError, match="the key"):
        CODEC.encode("text", key)
    with pytest.raises(ValueError, match="the key"):
        CODEC.decode(CODEC.encode("text"), key)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return write_linear_model(tmp_path_factory.mktemp("model"))


def test_a_photo_is_read_with_its_key_alone_even_when_damaged(model):
    photo = read_photo(DATA / "window.jpg").pixels
    encoder = stegastamp.Encoder(model, threads=1)
    decoder = stegastamp.Decoder(model, threads=1)
    keyed, _ = encoder.encode(photo, "Stega!!", 2.0, key="mine")
    plain, _ = encoder.encode(photo, "Stega!!", 2.0)
    height, width = photo.shape[:2]
    y, x = round(0.05 * height), round(0.05 * width)
    for damage in (
        lambda image: image,
        lambda image: cv2.resize(image, None, fx=0.5, fy=0.5),
        lambda image: image[y : height - y, x : width - x],
    ):
        found = decoder.decode(damage(keyed), key="mine")
        assert (found.message, found.keyed) == ("Stega!!", True)
        found = decoder.decode(damage(plain))
        assert (found.message, found.keyed) == ("Stega!!", False)
        for key in (None, "yours"):
            assert decoder.decode(damage(keyed), key=key) is None
        assert decoder.decode(damage(plain), key="mine") is None
    # Stamped again by somebody without the key, it is not forged.
    again, _ = encoder.encode(keyed, "EVIL", strength=2)
    assert decoder.decode(again, key="mine") is None


def test_the_commands_take_keys_and_say_so(model, tmp_path, monkeypatch):
    (tmp_path / "key").write_bytes(b"open sesame\r\n")
    monkeypatch.setenv("MY_KEY", "open sesame")
    code, _, err = call(
        encode,
        f"--model={model}",
        f"--images_dir={DATA}",
        f"--save_dir={tmp_path / 'out'}",
        "--secret=keyed",
        "--format=jpg",
        f"--key_file={tmp_path / 'key'}",
    )
    assert (code, err) == (0, "")
    reading = [f"--model={model}", f"--images_dir={tmp_path / 'out'}", "--json"]
    code, out, _ = call(decode, *reading, "--key_env=MY_KEY")
    records = [json.loads(line) for line in out.splitlines()]
    assert code == 0 and len(records) == 3
    for record in records:
        assert (record["message"], record["keyed"]) == ("keyed", True)
    for flags in ([], ["--key=other"]):
        code, out, _ = call(decode, *reading, *flags)
        assert code == 1
        for line in out.splitlines():
            record = json.loads(line)
            assert record["message"] is record["keyed"] is None


def test_without_a_key_the_record_says_so(model, tmp_path):
    flags = [f"--model={model}", f"--image={DATA / 'boats.png'}"]
    saved = [f"--save_dir={tmp_path}", "--secret=plain"]
    assert call(encode, *flags, *saved)[0] == 0
    hidden = f"--image={tmp_path / 'boats_hidden.png'}"
    _, out, _ = call(decode, flags[0], hidden, "--json")
    assert json.loads(out)["keyed"] is False


@pytest.mark.parametrize("command", [encode, decode])
@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (["--key="], "--key: the key is empty"),
        (["--key=k\udcff"], "--key: the key is not UTF-8"),
        (["--key_env=NO_SUCH_KEY"], "there is no such environment variable"),
        (["--key=a", "--key_file=b"], "give one of --key, --key_file"),
    ],
)
def test_bad_keys_get_one_line_and_write_nothing(
    model, tmp_path, command, flags, words
):
    if command is encode:
        flags = [*flags, f"--save_dir={tmp_path / 'out'}", "--secret=a"]
    photo = f"--image={DATA / 'boats.png'}"
    code, out, err = call(command, f"--model={model}", photo, *flags)
    assert (code, out, err.count("\n")) == (1, "", 1)
    assert words in err
    assert list(tmp_path.iterdir()) == []
