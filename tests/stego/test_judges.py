"""Judges find what is there and no more; no photo is on both sides."""

import numpy as np
import pytest

from stego import api
from stego.evaluate import cut_pieces, hide_in_pieces, load_photos
from stego.judges import CnnJudge, EveJudge, FeatureJudge, judge
from stego.lsb import replace_lsb
from stego.tiles import cut_tiles
from tests.stego.textures import textures


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
