"""A GAN that is told the classes of images, and draws the class it is asked.

The generator finds the class in its latent (`dcgan.latent_space`); the
discriminator has a logit of each class, whose sigmoid is the probability of a
real image of that class, and the class's own logit is the one that counts. So
what lies between two digits is a bad image of either, where a discriminator
that knows no classes is slow to see it.

Source: Mirza and Osindero, "Conditional Generative Adversarial Nets", 2014;
the logit of each class is that of Liu et al., "Few-Shot Unsupervised
Image-to-Image Translation", ICCV 2019, section 3.2.
"""

from keras import ops

from dcgan.latent_space import class_codes
from shared.gan import Gan, gan_logs


class ConditionalGan(Gan):
    """The game of `shared.gan.Gan` on batches of images and their classes.

    The discriminator returns logits [N, K], K classes; generated images are
    of the classes of the batch's real ones.
    """

    def encode(self, latents, labels):
        """Writes classes [N] into latents [N, Z]."""
        codes = class_codes(self.discriminator.output_shape[-1])
        codes = ops.take(ops.convert_to_tensor(codes), labels, axis=0)
        return ops.concatenate([codes, latents[:, codes.shape[-1] :]], axis=-1)

    def play(self, data, training):
        images, labels = data
        real = ops.cast(images, "float32")
        labels = ops.cast(labels, "int32")
        latents = self.sample_latents(ops.shape(real)[0])
        fake = ops.cast(
            self.generator(self.encode(latents, labels), training=training),
            "float32",
        )
        real_logits, fake_logits = (
            ops.take_along_axis(logits, labels[:, None], axis=1)
            for logits in self.judge(real, fake, training)
        )
        losses = self.both_losses(real_logits, fake_logits)
        return losses, gan_logs(real, fake, real_logits, fake_logits)
