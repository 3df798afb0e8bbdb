"""TFDS users get the frames that our own reader gives."""

import numpy as np
import pytest

from malicious_ae.data import Frames

pytestmark = [pytest.mark.tensorflow, pytest.mark.slow]


def test_camvid_through_tfds_equals_our_reader(camvid, tmp_path):
    import tensorflow_datasets as tfds

    from malicious_ae.tfds_builders import CamvidFrames

    builder = CamvidFrames(data_dir=tmp_path / "prepared")
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=camvid)
    )
    assert builder.info.splits["train"].num_examples == 5
    for split in ("train", "val", "test"):
        wanted = {
            f"{split}/frame{index:02d}.png": frame
            for index, frame in enumerate(
                Frames("camvid", camvid, split, 32, 48)
            )
        }
        found = tfds.as_numpy(builder.as_dataset(split=split))
        seen = set()
        for example in found:
            name = example["name"].decode()
            seen.add(name)
            np.testing.assert_array_equal(example["image"], wanted[name][0])
            np.testing.assert_array_equal(
                example["label"][..., 0], wanted[name][1]
            )
        assert seen == wanted.keys()
