"""A GAN whose discriminator also learns the classes of real images.

It has a logit of each class, and no other: an image is as real as its classes
together are likely, so that D(x) = Z / (Z + 1) with Z the sum of the classes'
exponentials. What lies between two digits is then no digit, which a
discriminator that knows no classes is slow to see. The generator is told
nothing of classes and has the weights that it has without them.

Source: Salimans et al., "Improved Techniques for Training GANs", 2016,
section 5 (with a label for every image).
"""

from keras import ops

from shared.gan import Gan, gan_logs


def realness(class_logits):
    """The logit of "real" of classes' logits: [N, K] to [N, 1]."""
    return ops.logsumexp(class_logits, axis=-1, keepdims=True)


def class_loss(class_logits, labels):
    """Cross-entropy of the classes.

    Args:
        class_logits: [N, K].
        labels: Integers [N] in [0, K).

    Returns:
        [N] in nats.
    """
    picked = ops.one_hot(labels, class_logits.shape[-1], dtype="float32")
    return -ops.sum(picked * ops.log_softmax(class_logits, axis=-1), axis=-1)


class ClassGan(Gan):
    """The game of `shared.gan.Gan` on batches of images and their classes.

    Its discriminator returns logits [N, K], K classes; its loss is that of
    the plain game and, of real images, the classes' cross-entropy.
    """

    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        self.track("class_accuracy")

    def play(self, data, training):
        images, labels = data
        real = ops.cast(images, "float32")
        labels = ops.cast(labels, "int32")
        fake = self.generate(ops.shape(real)[0], training)
        classes, fake_classes = self.judge(real, fake, training)
        logits, fake_logits = realness(classes), realness(fake_classes)
        losses = self.both_losses(logits, fake_logits)
        losses["discriminator"] += ops.mean(class_loss(classes, labels))
        right = ops.cast(ops.argmax(classes, axis=-1), "int32") == labels
        logs = gan_logs(real, fake, logits, fake_logits)
        return losses, logs | {
            "class_accuracy": ops.mean(ops.cast(right, "float32"))
        }
