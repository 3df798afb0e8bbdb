"""Settings of a training, and named values of all of them."""

from shared.training.settings import Setting, Settings
from stego.data import CROPS
from stego.game import ARCHITECTURES, IMAGE_LOSSES, MESSAGE_LOSSES

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

SETTINGS = Settings(
    {
        "architecture": Setting(
            "The networks: the paper's, or small residual ones.",
            choices=tuple(ARCHITECTURES),
        ),
        "output_size": Setting(
            "Side of the images in pixels: 32 or 64.", choices=(32, 64)
        ),
        "msg_len": Setting("Bits of a message.", low=1),
        "crop": Setting(
            "Tiles: the middle of each photo, or random ones.",
            choices=tuple(CROPS),
        ),
        "batch_size": Setting("Tiles a step.", low=1),
        "steps": Setting("Steps of the whole training.", low=1, resumable=True),
        "learning_rate": Setting("Of Alice and Bob.", resumable=True),
        "eve_optimizer": Setting(
            "Eve's; with adam she may win at once.", choices=("sgd", "adam")
        ),
        "eve_learning_rate": Setting("Of Eve.", resumable=True),
        "a": Setting("Weight of Eve in Alice and Bob's loss."),
        "b": Setting("Weight of the difference of cover and stego image."),
        "c": Setting("Weight of Bob's reading."),
        "image_loss": Setting(
            "Mean absolute (l1) or square (l2) difference.",
            choices=tuple(IMAGE_LOSSES),
        ),
        "message_loss": Setting(
            "Square error of values or cross-entropy of logits.",
            choices=tuple(MESSAGE_LOSSES),
        ),
        "rounding": Setting("Train on stego images as a PNG file holds them."),
        "target_bits": Setting(
            "Share of correct bits above which b grows, and below which it "
            "shrinks; 0 keeps b."
        ),
        "growth": Setting("Factor of b's growth an epoch."),
        "steps_per_epoch": Setting("Steps between checkpoints.", 50, low=1),
        "pretrained": Setting(
            "Run or model directory whose weights to start at.",
            kind=str,
            resumable=True,
        ),
    },
    PRESETS,
    "modern",
    {
        "paper": "25 minutes of one core, 100 of 100 bits read, 22.7 dB",
        "residual": (
            "2,800 steps carry 99.5 of 100 bits at 47.9 dB, at 20 steps a "
            "second on two cores"
        ),
        "modern": "ships: 6 minutes of a core, every bit at 65 dB",
    },
)
