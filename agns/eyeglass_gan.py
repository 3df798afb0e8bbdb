"""The game of eyeglass generator against discriminator."""

from keras import ops

from agns.frames import crop, load_mask
from shared.gan import Gan


class EyeglassGan(Gan):
    """A GAN whose discriminator sees what a wearer would: the frame alone.

    Off the frame the generator may draw what it likes, since `BlackPadding`
    cuts it away. A discriminator that saw it would win by it: real pictures
    are exactly black there, which a generator takes long to learn.

    Takes the arguments of `shared.gan.Gan`, glasses [N, 64, 176, 3] in
    [-1, 1] on both sides, and

    Args:
        mask: [224, 224], 1 on the frame; that of `agns.frames` by default.
    """

    def __init__(self, *args, mask=None, **kwargs):
        super().__init__(*args, **kwargs)
        mask = load_mask() if mask is None else mask
        self.frame = crop(mask[..., None]).astype("float32")

    def judge(self, real, fake, training: bool):
        return super().judge(self._cut(real), self._cut(fake), training)

    def _cut(self, glasses):
        frame = ops.convert_to_tensor(self.frame)
        return (ops.cast(glasses, "float32") + 1.0) * frame - 1.0
