"""The game of encoder and decoder against damage, the eye and a critic."""

import dataclasses

import keras
from keras import ops

from shared.errors import check_choice
from shared.game import Game, Player
from shared.losses.yuv import yuv_loss
from shared.metrics.bits import bit_accuracy
from shared.metrics.psnr import psnr
from shared.metrics.ssim import ms_ssim
from shared.ops.warp import corner_offsets_to_homographies, projective_warp
from stegastamp import distortions
from stegastamp.distortions import Draw, distort
from stegastamp.networks import (
    build_critic,
    build_decoder,
    build_encoder,
    critic_score,
)
from stegastamp.schedule import KNOBS

# Of what is beyond black and white: enough to stop a residual that runs away,
# little beside the secret while it is of the size of the photo. At 1 secrets
# are learned more slowly.
BEYOND_SCALE = 0.05
# Levels were kept in this order before they were kept by name.
_FIRST_KNOBS = "trans align blur brightness contrast saturation hue noise jpeg"
_FIRST_KNOBS = (*_FIRST_KNOBS.split(), *"secret l2 lpips critic edge".split())
BORDERS = ("no_edge", "black", "random", "randomrgb", "image", "white")


@dataclasses.dataclass(frozen=True)
class Rules:
    """What is at stake: sizes, loss weights at full level, damage.

    Attributes:
        height: Network height in pixels.
        width: Network width in pixels.
        secret_size: Bits of a secret.
        transformer: Whether the decoder starts with a spatial transformer.
        borders: What surrounds the warped stamp, one of `BORDERS`.
        trans: Corner shift of the warp around the encoder, share of width.
        secret_scale: Weight of the secret's cross-entropy.
        l2_scale: Weight of the YUV loss.
        yuv_scales: Weights of Y, U and V within it.
        edge_gain: How much more the border counts than the middle.
        flat_gain: How much more a flat region counts than a textured one.
        lpips_scale: Weight of the perceptual loss.
        critic_scale: Weight of the critic; 0 leaves the critic out.
        zero_mean: Whether the encoder takes the residual's mean colour off.
        damage: What happens between encoder and decoder: values of all
            `stegastamp.distortions.SETTINGS`.
    """

    height: int
    width: int
    secret_size: int
    transformer: bool
    borders: str
    trans: float
    secret_scale: float
    l2_scale: float
    yuv_scales: tuple[float, float, float]
    edge_gain: float
    flat_gain: float
    lpips_scale: float
    critic_scale: float
    zero_mean: bool
    damage: dict

    def __post_init__(self):
        check_choice("borders", self.borders, BORDERS)


def build_rules(settings: dict) -> Rules:
    """Turns settings into the game's rules."""
    s = settings
    return Rules(
        height=s["height"],
        width=s["width"],
        secret_size=s["secret_size"],
        transformer=s["transformer"],
        borders=s["borders"],
        trans=s["rnd_trans"],
        secret_scale=s["secret_loss_scale"],
        l2_scale=s["l2_loss_scale"],
        yuv_scales=(s["y_scale"], s["u_scale"], s["v_scale"]),
        edge_gain=s["l2_edge_gain"],
        flat_gain=s["flat_gain"],
        lpips_scale=s["lpips_loss_scale"],
        critic_scale=0.0 if s["no_gan"] else s["G_loss_scale"],
        zero_mean=s["zero_mean"],
        damage={name: s[name] for name in distortions.SETTINGS},
    )


def flatness(images, window=9):
    """Says how flat a photo is around each pixel: what the eye would miss.

    Args:
        images: [N, H, W, 3] in [0, 1].
        window: Side of the neighbourhood in pixels.

    Returns:
        [N, H, W, 1] in [0, 1]: 1 in a flat region, toward 0 in texture
        (half at a local standard deviation of .04 of the luma).
    """
    luma = ops.sum(
        images * ops.array([0.299, 0.587, 0.114], images.dtype),
        axis=-1,
        keepdims=True,
    )

    def local_mean(x):
        return ops.average_pool(x, window, 1, "same")

    variance = local_mean(ops.square(luma)) - ops.square(local_mean(luma))
    return 0.0016 / (0.0016 + ops.maximum(variance, 0.0))


class StampGame(Game):
    """Encoder and decoder together, against damage and (if any) a critic.

    Args:
        rules: What is at stake.
        seed: Seed of the damage; the weights' is Keras' own.
        learning_rate: Of encoder and decoder (Adam): a number or a schedule.
        critic_learning_rate: Of the critic (RMSprop).
        perceptual: A callable (images, encoded) -> [N] distances in place of
            1 - MS-SSIM, such as LPIPS.
    """

    def __init__(
        self,
        rules: Rules,
        seed=0,
        learning_rate=1e-4,
        critic_learning_rate=1e-5,
        perceptual=None,
    ):
        super().__init__(name="stamp_game")
        self.rules = rules
        size = (rules.height, rules.width)
        self.encoder = build_encoder(*size, rules.secret_size, rules.zero_mean)
        self.decoder = build_decoder(
            *size, rules.secret_size, rules.transformer
        )
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.levels = self.add_weight(
            shape=(len(KNOBS),),
            initializer="zeros",
            trainable=False,
            dtype="float32",
            name="levels",
        )
        self.perceptual = perceptual or _ms_ssim_distance
        self.critic = build_critic(*size) if rules.critic_scale else None

        pair = Player(
            "stamp",
            (self.encoder, self.decoder),
            keras.optimizers.Adam(learning_rate),
        )
        players = [pair]
        if self.critic:
            critic = Player(
                "critic",
                (self.critic,),
                keras.optimizers.RMSprop(critic_learning_rate, clipvalue=0.25),
            )
            players.append(critic)
        self.set_players(*players)
        self.track("bit_accuracy", "secret_loss", "yuv_loss", "psnr")

    def save_own_variables(self, store):
        levels = ops.convert_to_numpy(self.levels)
        for knob, level in zip(KNOBS, levels, strict=True):
            store[knob] = level

    def load_own_variables(self, store):
        found = {name: store[name] for name in store.keys()}
        if "0" in found:
            found = dict(zip(_FIRST_KNOBS, found["0"], strict=True))
        self.levels.assign([float(found.get(knob, 0.0)) for knob in KNOBS])

    def level(self, knob: str):
        """Returns the present level of a knob, a scalar tensor."""
        return self.levels[KNOBS.index(knob)]

    def stamp(self, images, secrets, training: bool):
        """Puts secrets on photos, under the warp of the present level.

        The photo is warped, stamped and warped back, so that the residual
        is learned under perspective; `borders` says what surrounds it then.

        Args:
            images: [N, H, W, 3] in [0, 1].
            secrets: [N, secret_size] of 0 and 1.
            training: Whether the encoder is learning.

        Returns:
            The stamped photos in full frame, and what the damage starts from.
        """
        rules = self.rules
        if not rules.trans:
            stamped = images + self.encoder(
                [images, secrets], training=training
            )
            return stamped, stamped
        count = ops.shape(images)[0]
        offsets = Draw(count, self.seed_generator).corner_offsets(
            rules.height, rules.width, rules.trans * self.level("trans")
        )
        there, back = corner_offsets_to_homographies(
            offsets, rules.height, rules.width
        )
        ones = ops.ones_like(images)
        warped = projective_warp(images, there)
        warped = warped + (1.0 - projective_warp(ones, there)) * images
        residual_warped = self.encoder([warped, secrets], training=training)
        stamped = images + projective_warp(residual_warped, back)
        if rules.borders == "no_edge":
            return stamped, stamped
        framed = projective_warp(warped + residual_warped, back)
        outside = 1.0 - projective_warp(ones, back)
        return stamped, framed + outside * self._surroundings(images)

    def _surroundings(self, images):
        borders, count = self.rules.borders, ops.shape(images)[0]
        if borders == "image":
            return ops.roll(images, 1, axis=0)
        if borders in ("random", "randomrgb"):
            channels = 3 if borders == "randomrgb" else 1
            return keras.random.uniform(
                (count, 1, 1, channels), seed=self.seed_generator
            )
        return 1.0 if borders == "white" else 0.0

    def play(self, data, training):
        rules, (images, secrets) = self.rules, data
        images = ops.cast(images, "float32")
        secrets = ops.cast(secrets, "float32")
        stamped, framed = self.stamp(images, secrets, training)
        levels = {knob: self.level(knob) for knob in KNOBS}
        seen = distort(framed, levels, rules.damage, self.seed_generator)
        logits = self.decoder(seen, training=training)

        secret_loss = ops.mean(
            ops.binary_crossentropy(secrets, logits, from_logits=True)
        )
        weights = 1.0
        if rules.flat_gain:
            weights = ops.sqrt(1.0 + rules.flat_gain * flatness(images))
        yuv = yuv_loss(
            images * weights,
            stamped * weights,
            edge_gain=rules.edge_gain * levels["edge"],
        )
        yuv = ops.mean(ops.sum(yuv * ops.array(rules.yuv_scales), axis=-1))
        loss = rules.secret_scale * levels["secret"] * secret_loss
        loss = loss + rules.l2_scale * levels["l2"] * yuv
        if rules.lpips_scale:
            distance = ops.mean(self.perceptual(images, stamped))
            loss = loss + rules.lpips_scale * levels["lpips"] * distance
        # Until the image loss starts nothing else holds the residual back.
        # Light beyond black and white is cut off and gives no gradient, so
        # that a residual which has run away never learns the secret.
        beyond = stamped - ops.clip(stamped, 0.0, 1.0)
        loss = loss + BEYOND_SCALE * ops.mean(ops.square(beyond))

        losses = {"stamp": loss}
        if self.critic:
            fake = critic_score(self.critic(stamped, training=training))
            real = critic_score(self.critic(images, training=training))
            fooled = ops.mean(fake)
            losses["critic"] = ops.mean(real) - fooled
            losses["stamp"] = (
                loss + rules.critic_scale * levels["critic"] * fooled
            )
        shown = ops.clip(stamped, 0.0, 1.0)
        return losses, {
            "bit_accuracy": ops.mean(bit_accuracy(secrets, logits)),
            "secret_loss": secret_loss,
            "yuv_loss": yuv,
            "psnr": ops.mean(psnr(images, shown, limit=100.0)),
        }


def _ms_ssim_distance(images, encoded):
    return 1.0 - ms_ssim(images, ops.clip(encoded, 0.0, 1.0))
