"""Judges, the features they look at, the baseline, and what is measured."""

import numpy as np
import pytest

from shared.images import read_photo
from stego import api
from stego.evaluate import cut_pieces, hide_in_pieces, load_photos
from stego.features import FEATURES, extract_features
from stego.judges import CnnJudge, EveJudge, FeatureJudge, judge
from stego.lsb import replace_lsb
from stego.measure import (
    TextTrial,
    measure_bits,
    measure_quality,
    random_text,
)
from stego.tiles import count_tiles, cut_tiles, paste_tiles
from tests.stego.test_encode_decode import PHOTO


@pytest.fixture(scope="module")
def encoder():
    return api.Encoder(threads=1)


@pytest.fixture
def pixels():
    return read_photo(PHOTO).pixels


def textures(count=120, side=32, seed=0):
    """Smooth random pictures with a little noise: uint8 [N, s, s, 3]."""
    random = np.random.default_rng(seed)
    phase = random.uniform(0, 6, (count, 1, 1, 3))
    y, x = np.mgrid[:side, :side][:, None, ..., None] / 5.0
    slope = random.uniform(0.2, 1, (count, 1, 1, 1))
    waves = 120 + 60 * np.sin(slope * x + phase) + 40 * np.cos(y - phase)
    noise = random.normal(0, 0.4, waves.shape)
    return np.clip(np.rint(waves + noise), 0, 255).astype(np.uint8)


def test_tiles_are_cut_and_pasted_row_by_row(pixels):
    assert count_tiles(192, 256, 32) == 48
    assert count_tiles(63, 31, 32) == 0
    tiles = cut_tiles(pixels, 32, [0, 9, 47])
    np.testing.assert_array_equal(tiles[1], pixels[32:64, 32:64])
    np.testing.assert_array_equal(tiles[2], pixels[160:, 224:])
    canvas = np.zeros_like(pixels)
    paste_tiles(canvas, tiles, [0, 9, 47])
    np.testing.assert_array_equal(canvas[160:, 224:], pixels[160:, 224:])
    assert canvas[32:64, :32].max() == 0


@pytest.mark.parametrize("payload", [0.1, 1.0, 3.0])
def test_lsb_changes_half_of_the_carriers_by_one(payload):
    covers = textures(20)
    stegos = replace_lsb(covers, payload, np.random.default_rng(0))
    change = stegos.astype(int) - covers
    assert np.abs(change).max() == 1
    np.testing.assert_array_equal(stegos >> 1, covers >> 1)
    assert (change != 0).mean() == pytest.approx(payload / 6, rel=0.1)


@pytest.mark.parametrize("payload", [0.0, 3.1])
def test_lsb_refuses_what_does_not_fit(payload):
    with pytest.raises(ValueError, match="payload"):
        replace_lsb(textures(1), payload, np.random.default_rng(0))


def test_features_are_histograms_of_residuals():
    covers = textures(3)
    features = extract_features(covers)
    assert features.shape == (3, FEATURES)
    blocks = features.reshape(3, -1, 125)
    np.testing.assert_allclose(blocks.sum(-1), 1.0)
    # On one colour every residual is 0: the middle of each histogram.
    flat = extract_features(np.full((1, 16, 16, 3), 77, np.uint8))
    np.testing.assert_allclose(flat.reshape(-1, 125)[:, 62], 1.0)
    # First differences of a ramp of 1 a column: 1 along rows, 0 along
    # columns, each counted forward and backward.
    ramp = np.arange(16, dtype=np.uint8)[None, None, :, None]
    ramp = np.broadcast_to(ramp, (1, 16, 16, 3))
    first = extract_features(ramp)[0, :125]
    assert set(np.flatnonzero(first)) == {62, 3 * 25 + 3 * 5 + 3}
    with pytest.raises(ValueError, match="8 pixels"):
        extract_features(ramp[:, :7])


def test_features_do_not_depend_on_how_many_are_asked():
    covers = textures(70, side=16)
    np.testing.assert_array_equal(
        extract_features(covers)[66], extract_features(covers[66:67])[0]
    )


def sides(count):
    photos = np.arange(count) // 4
    return photos, photos % 2 == 0


def test_the_feature_judge_finds_heavy_lsb_and_not_nothing():
    covers = textures(240)
    photos, learns = sides(240)
    stegos = replace_lsb(covers, 1.5, np.random.default_rng(0))
    found = judge(FeatureJudge(), covers, stegos, photos, learns)
    assert found.area > 0.9 and found.low > 0.85
    assert found.low <= found.area <= found.high
    again = textures(240, seed=1)
    nothing = judge(FeatureJudge(), covers, again, photos, learns)
    assert 0.3 < nothing.area < 0.7


@pytest.mark.slow
def test_a_fresh_cnn_finds_heavy_lsb():
    covers = textures(240)
    photos, learns = sides(240)
    stegos = replace_lsb(covers, 2.5, np.random.default_rng(0))
    found = judge(CnnJudge(120), covers, stegos, photos, learns)
    assert found.area > 0.8


def test_no_photo_is_on_both_sides():
    covers = textures(8)
    with pytest.raises(ValueError, match="both learned from and judged"):
        judge(
            FeatureJudge(),
            covers,
            covers,
            np.zeros(8, int),
            np.arange(8) % 2 == 0,
        )


def test_eve_scores_a_piece_by_the_mean_of_its_tiles():
    player = EveJudge(api.Network("eve", threads=1))
    pieces = textures(3, side=64)
    tiles = cut_tiles(pieces[1], 32, np.arange(4))
    alone = player.score(tiles)
    assert player.score(pieces)[1] == pytest.approx(alone.mean(), abs=1e-4)


def test_pieces_are_filled_tile_by_tile(encoder, pixels):
    pieces, origin = cut_pieces(
        [pixels, pixels[:, :70]], 64, 3, np.random.default_rng(0)
    )
    assert pieces.shape == (6, 64, 64, 3)
    assert origin.tolist() == [0, 0, 0, 1, 1, 1]
    filled = hide_in_pieces(encoder, pieces, np.random.default_rng(1))
    change = np.abs(filled.astype(int) - pieces)
    assert change.max() <= 3
    for row in range(2):
        for column in range(2):
            place = change[
                :, 32 * row : 32 * row + 32, 32 * column : 32 * column + 32
            ]
            assert place.reshape(6, -1).sum(1).min() > 20


def test_random_texts_have_the_length_asked_for():
    rng = np.random.default_rng(0)
    for length in (1, 2, 3, 4, 5, 50, 333):
        assert len(random_text(length, rng).encode()) == length


def test_texts_are_counted(encoder, pixels):
    trial, rng = TextTrial(), np.random.default_rng(0)
    for _ in range(4):
        trial.add(encoder, pixels, rng)
    assert (trial.tried, trial.accepted, trial.recovered) == (4, 4, 4)
    assert (trial.wrong, trial.found_by_wrong_key) == (0, 0)
    assert trial.bytes > 0


def test_a_decoder_that_reads_another_text_is_noticed(encoder, pixels):
    class Mixed:
        """Hides one text and finds another: what must never happen."""

        def __init__(self):
            self.decoder = encoder.decoder
            self.capacity = encoder.capacity

        def encode(self, pixels, data, key):
            return encoder.encode(pixels, b"something else entirely", None)

    trial = TextTrial()
    for seed in range(4):
        trial.add(Mixed(), pixels, np.random.default_rng(seed))
    assert trial.recovered == 0
    # With a key the other text, hidden without one, is not found at all.
    assert trial.wrong == 2


def test_quality_and_bits_of_a_full_photo(encoder, pixels):
    row = measure_quality(encoder, pixels, np.random.default_rng(0))
    raw = encoder.decoder.msg_len / encoder.decoder.output_size**2
    assert 0.7 * raw < row["bits_per_pixel"] < raw
    assert row["kept"] == 1
    assert row["psnr_db"] > 58 and row["ssim"] > 0.99
    assert row["ms_encode"] > row["ms_decode"] > 0
    tiles = cut_tiles(pixels, 32, np.arange(8))
    bits = measure_bits(encoder, tiles, np.random.default_rng(0))
    assert bits["of_final"] == bits["of_first"] == encoder.decoder.msg_len


def test_a_photo_that_is_refused_is_measured_all_the_same(
    encoder, pixels, monkeypatch
):
    def refuse(*arguments):
        raise ValueError("the photo cannot keep the message")

    monkeypatch.setattr(encoder, "encode", refuse)
    row = measure_quality(encoder, pixels, np.random.default_rng(0))
    assert row["kept"] == 0 and 58 < row["psnr_db"] < 70


def test_small_photos_are_left_out_and_counted(tmp_path, capsys):
    import cv2

    for index, side in enumerate((80, 70, 20)):
        cv2.imwrite(
            str(tmp_path / f"{index}.png"), np.zeros((side, side, 3), np.uint8)
        )
    (tmp_path / "3.png").write_bytes(b"no photo")
    names, photos, failed = load_photos(tmp_path, 64, 10**6)
    assert names == ["0.png", "1.png"] and failed == 2
    assert capsys.readouterr().err.count("error:") == 2
