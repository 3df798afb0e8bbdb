"""Named settings of a whole training."""

# Hayes and Danezis at 32 px, with the optimizers of the later redo. 63 steps
# are one of the original's epochs (1 % of CelebA in batches of 32).
_PAPER = dict(
    architecture="paper",
    output_size=32,
    msg_len=100,
    crop="center",
    batch_size=32,
    steps=6_000,
    learning_rate=2e-4,
    eve_optimizer="sgd",
    eve_learning_rate=1e-4,
    a=0.1,
    b=0.3,
    c=0.6,
    image_loss="l1",
    message_loss="mse",
    rounding=False,
    target_bits=0.0,
    growth=1.0,
)

# The image's weight grows while Bob reads well and shrinks while he does not,
# so the payload sets the noise and not the other way round.
_RESIDUAL = dict(
    architecture="residual",
    output_size=32,
    msg_len=100,
    crop="random",
    batch_size=32,
    steps=10_000,
    learning_rate=1e-3,
    eve_optimizer="adam",
    eve_learning_rate=3e-4,
    a=0.002,
    b=0.0005,
    c=1.0,
    image_loss="l2",
    message_loss="bce",
    rounding=True,
    target_bits=0.995,
    growth=1.1,
)

# Every bit comes back by construction; what remains is where to step.
_MODERN = _RESIDUAL | dict(
    architecture="phase",
    msg_len=128,
    steps=4_000,
    a=0.1,
    b=1.0,
    image_loss="adaptive",
    target_bits=0.0,
    growth=1.0,
)

PRESETS = {"paper": _PAPER, "residual": _RESIDUAL, "modern": _MODERN}
