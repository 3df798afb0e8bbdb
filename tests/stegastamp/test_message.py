"""Messages, their error correction, and when a word is no message."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stegastamp.message import MAX_CORRECTED, Decoded, MessageCodec

GOLDEN = np.load(Path(__file__).parent / "goldens" / "bch.npz")
CODEC = MessageCodec()


def _random_words(count, seed, size=100):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2, (count, size), dtype=np.uint8)


def test_secrets_equal_the_original_code():
    for text, bits in zip(GOLDEN["text"], GOLDEN["secret_bits"], strict=True):
        if text:
            np.testing.assert_array_equal(CODEC.encode(str(text)), bits)


def test_received_words_equal_the_original_code():
    for text, flips, variant, bits, corrected in zip(
        GOLDEN["rx_text_index"],
        GOLDEN["rx_nflip"],
        GOLDEN["rx_variant"],
        GOLDEN["rx_bits"],
        GOLDEN["rx_bitflips"],
        strict=True,
    ):
        word = np.zeros(100, np.uint8)
        word[:96] = bits
        found = CODEC.decode(word)
        message = str(GOLDEN["text"][text])
        if corrected < 0 or flips > 5 or not message:
            assert found is None or flips > 5
        else:
            assert found.message == message
            # The original leaves the padding of the BCH bytes (variant 1 may
            # flip it) out of its count; the acceptance rule counts it.
            assert found.corrected_bits == flips
            assert corrected == flips or variant == 1


texts = st.text(min_size=1, max_size=7).filter(
    lambda text: (
        text.isprintable()
        and not text.endswith(" ")
        and len(text.encode("utf-8", "surrogatepass")) <= 7
    )
)


@settings(max_examples=200, deadline=None)
@given(texts, st.sets(st.integers(0, 99), max_size=MAX_CORRECTED))
def test_up_to_five_wrong_bits_are_corrected(text, wrong):
    word = CODEC.encode(text)
    word[list(wrong)] ^= 1
    assert CODEC.decode(word) == Decoded(text, len(wrong))


def test_six_wrong_bits_are_never_passed_off_as_the_message():
    rng = np.random.default_rng(0)
    secret = CODEC.encode("Stega!!")
    for _ in range(5000):
        word = secret.copy()
        word[rng.choice(100, 6, replace=False)] ^= 1
        found = CODEC.decode(word)
        assert found is None or found.message != "Stega!!"


@pytest.mark.parametrize("size", [48, 56, 99, 104, 135, 136, 200, 255])
def test_other_secret_sizes(size):
    codec = MessageCodec(size)
    assert codec.message_bytes == (size - 40) // 8
    rng = np.random.default_rng(size)
    message = "".join(rng.choice([*"abcXYZ019"], codec.message_bytes))
    for text in (message, message[:1]):
        word = codec.encode(text)
        assert word.shape == (size,) and word.dtype == np.uint8
        assert not word[8 * (codec.message_bytes + 5) :].any()
        wrong = rng.choice(size, 5, replace=False)
        word[wrong] ^= 1
        assert codec.decode(word) == Decoded(text, 5)


@pytest.mark.parametrize("size", [0, 20, 47, 256])
def test_sizes_without_room_are_refused(size):
    with pytest.raises(ValueError, match=f"secret_size={size}"):
        MessageCodec(size)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("12345678", "8 bytes long in UTF-8; at most 7 bytes"),
        ("äöüß", "8 bytes long"),
        ("\udcff", "cannot be encoded as UTF-8"),
        ("a\nb", "cannot be printed"),
        ("\0", "cannot be printed"),
        ("ab ", "ends in a space"),
        (" ", "ends in a space"),
    ],
)
def test_texts_that_do_not_fit_are_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        CODEC.encode(text)


def test_logits_are_read_by_sign_and_give_a_confidence():
    secret = CODEC.encode("äöü")
    logits = np.where(secret, 3.0, -3.0).astype(np.float32)
    found = CODEC.decode(logits)
    assert found.message == "äöü" and found.corrected_bits == 0
    np.testing.assert_allclose(found.confidence, np.tanh(1.5), rtol=1e-6)
    logits[:10] = 1e-6
    unsure = CODEC.decode(np.where(secret, 1e-3, -1e-3))
    assert unsure.confidence < 0.001
    assert CODEC.decode(secret).confidence == 1.0


@pytest.mark.parametrize("shape", [(99,), (101,), (1, 100), ()])
def test_words_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match="shape"):
        CODEC.decode(np.zeros(shape))


def test_a_code_word_that_is_no_text_is_refused():
    # BCH is content with each of these; the text rule is not.
    for data in (b"\xff" * 7, bytes(7), b" " * 7, b"ab\x07    ", b"\xc3  abcd"):
        word = CODEC._secret(data)
        assert CODEC.decode(word) is None


def test_wrong_zero_bits_count():
    word = CODEC.encode("Stega!!")
    word[[0, 10]] ^= 1
    word[95:] ^= 1  # the last padding bit of the BCH bytes, and the 4 zeros
    assert CODEC.decode(word) is None
    word[[0, 10]] ^= 1
    assert CODEC.decode(word) == Decoded("Stega!!", 5)


def test_message_count_against_counting_by_hand():
    # One byte: ASCII 33..126; a space alone is no message.
    assert MessageCodec(48).message_count == 94
    # Two bytes: what decodes and prints, tried one by one.
    count = 0
    for value in range(2**16):
        try:
            text = value.to_bytes(2, "big").rstrip(b" ").decode("utf-8")
        except UnicodeDecodeError:
            continue
        count += bool(text) and text.isprintable()
    assert MessageCodec(56).message_count == count


def test_false_positive_bound():
    assert 1e-8 < CODEC.false_positive_rate() < 1.5e-8
    assert CODEC.false_positive_rate(44) < 1e-6
    # Where it can be measured it holds: a 48-bit word carries one character,
    # and within distance 5 of a secret it is always accepted.
    codec = MessageCodec(48)
    assert codec.false_positive_rate() == pytest.approx(
        94 * 1925357 / 2**48, rel=1e-9
    )


def test_a_million_random_words_carry_no_message():
    # The bound expects 0.014 of them to be accepted.
    words = _random_words(1_000_000, seed=1)
    assert sum(CODEC.decode(word) is not None for word in words) == 0


def test_random_words_do_pass_bch_alone():
    # What the rule is for. V(127, 5) / 2^35 of them lie near a word of the
    # whole code, V(91, 5) / 2^35 near one of the code cut to 91 bits; bchlib
    # takes words of the former.
    passed = 0
    for word in _random_words(50_000, seed=2):
        packet = np.packbits(word).tobytes()
        passed += (
            CODEC._bch.decode(bytearray(packet[:7]), bytearray(packet[7:12]))
            >= 0
        )
    assert 50_000 * 0.0014 < passed < 50_000 * 0.0077
