"""What Bob reads from photos that nobody learned from."""

import keras
from keras import ops

from shared.metrics.bits import bit_accuracy
from shared.training import sync_weights
from stego.game import round_levels


class HeldOut(keras.callbacks.Callback):
    """Puts `val_bit_accuracy` into each epoch's logs.

    Stego images are rounded to 8 bits, as a file holds them.

    Args:
        covers: [N, s, s, 3] in [-1, 1].
        messages: [N, msg_len] of -.5 and .5.
    """

    def __init__(self, covers, messages):
        super().__init__()
        self.covers = covers
        self.messages = messages

    def on_epoch_end(self, epoch, logs=None):
        game = self.model
        sync_weights(game)
        stegos = round_levels(
            game.hide(
                ops.convert_to_tensor(self.covers),
                ops.convert_to_tensor(self.messages),
                training=False,
            )
        )
        answers = game.bob(stegos, training=False)
        right = bit_accuracy(self.messages > 0, answers)
        logs["val_bit_accuracy"] = float(ops.mean(right))
