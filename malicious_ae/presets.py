"""Settings of both trainings, and the attacker's named ones."""

from malicious_ae.game import OBJECTIVES
from malicious_ae.networks import BOUNDS, KINDS
from shared.segmentation.class_weights import WEIGHINGS
from shared.training import Setting, Settings

VICTIM_SETTINGS = Settings(
    {
        "batch_size": Setting("Frames a step.", 10, low=1),
        "epochs": Setting("Epochs altogether.", 300, low=1, resumable=True),
        "learning_rate": Setting("Adam's, at the start.", 5e-4, resumable=True),
        "lr_schedule": Setting(
            "step multiplies the rate by --lr_decay every --lr_decay_epochs; "
            "cosine lets it fall to 0 over --epochs.",
            "step",
            choices=("step", "cosine"),
            resumable=True,
        ),
        "lr_decay": Setting(
            "Factor of --lr_schedule=step.", 0.1, resumable=True
        ),
        "lr_decay_epochs": Setting(
            "Epochs between its steps.", 100, low=1, resumable=True
        ),
        "weight_decay": Setting(
            "L2 term, added to the gradient as PyTorch does.",
            2e-4,
            resumable=True,
        ),
        "weighing": Setting(
            "How classes weigh in the loss.", "enet", choices=WEIGHINGS
        ),
        "class_weights": Setting(
            "JSON list of weights, one a class, instead of --weighing.",
            kind=str,
        ),
        "ignore_unlabeled": Setting(
            "Leave unlabelled pixels out of everything.", True
        ),
        "crop_height": Setting("Train on random crops: height.", kind=int),
        "crop_width": Setting("Train on random crops: width.", kind=int),
        "flip": Setting("Augment: mirror half of the frames.", False),
        "scale": Setting(
            "Augment: resize by a factor from LOW,HIGH.", ["1", "1"]
        ),
        "photometric": Setting(
            "Augment: greatest change of light, as a share.", 0.0
        ),
        "color_cast": Setting(
            "Augment: greatest shift of each colour channel, as a share of "
            "the range.",
            0.0,
        ),
        "val_every": Setting(
            "Epochs between validations; the first and the last have one "
            "always.",
            10,
            low=1,
            resumable=True,
        ),
        "workers": Setting(
            "Threads that prepare batches.", 1, low=0, resumable=True
        ),
        "print_step": Setting(
            "Print the loss of every step.", False, resumable=True
        ),
        "show_batch": Setting(
            "Write the first batch to batch.png, labels over.",
            False,
            resumable=True,
        ),
        "pretrained": Setting(
            "Run directory or weights file to start from.",
            kind=str,
            resumable=True,
        ),
        "attacker": Setting(
            "Attacker (run directory) that transforms half of each batch: "
            "trains a victim that withstands it.",
            kind=str,
        ),
    }
)

_REFERENCE = dict(
    kind="reference",
    bound="none",
    objective="reference",
    learning_rate=5e-4,
    weight_decay=2e-4,
    batch_size=10,
    epochs=10,
)
_AUTOENCODER = dict(
    kind="autoencoder",
    bound="psnr",
    objective="misread",
    learning_rate=2e-3,
    weight_decay=0.0,
    batch_size=4,
    epochs=10,
)

# As docs/measured/malicious_ae.md has them, on the shipped victim: --epochs 4
# --batch_size 4 and, but for `universal`, --crop_height 176 --crop_width 240.
_CROPS = "4 epochs of crops of CamVid take 2 to 3 minutes"
_COSTS = {
    "reference": f"{_CROPS}; 99.8 % of the mIoU lost at 5.7 dB",
    "affine": f"{_CROPS}; 86.1 % of the mIoU lost at 30.4 dB",
    "autoencoder": f"{_CROPS}; 96.7 % of the mIoU lost at 30.4 dB",
    "universal": "4 epochs of CamVid take 6 minutes; 98.4 % of the mIoU lost "
    "at 30.4 dB",
}

ATTACKER_SETTINGS = Settings(
    {
        "victim": Setting(
            "Name of a shipped victim, or its run directory.", "camvid"
        ),
        "kind": Setting("The attacker's network.", choices=KINDS),
        "bound": Setting("What limits the change.", choices=BOUNDS),
        "objective": Setting("What it wants.", choices=OBJECTIVES),
        "learning_rate": Setting("Adam's.", resumable=True),
        "weight_decay": Setting("L2 term.", resumable=True),
        "batch_size": Setting("Frames a step.", low=1),
        "epochs": Setting("Epochs altogether.", low=1, resumable=True),
        "min_psnr": Setting(
            "bound=psnr: least PSNR of each image in dB.", 30.0
        ),
        "epsilon": Setting(
            "bound=linf: greatest change of a value, of 255.", 8.0
        ),
        "source": Setting(
            "objective=targeted: class that is attacked.", kind=str
        ),
        "target": Setting(
            "objective=targeted: class to read it as. Default: it vanishes.",
            kind=str,
        ),
        "keep": Setting(
            "objective=targeted: weight of all other classes.", 1.0
        ),
        "weighing": Setting(
            "How classes weigh in the loss.", "enet", choices=WEIGHINGS
        ),
        "crop_height": Setting("Train on random crops: height.", kind=int),
        "crop_width": Setting("Train on random crops: width.", kind=int),
        "flip": Setting("Mirror half of the frames.", True),
        "val_every": Setting(
            "Epochs between validations; the first and the last have one "
            "always.",
            3,
            low=1,
            resumable=True,
        ),
    },
    {
        "reference": _REFERENCE,
        "affine": _AUTOENCODER | {"kind": "reference"},
        "autoencoder": _AUTOENCODER,
        "universal": _AUTOENCODER
        | {"kind": "universal", "learning_rate": 5e-3},
    },
    "autoencoder",
    _COSTS,
)
