"""Faces that wear the glasses."""

import keras
from keras import ops

from agns.layers.frame_mask import add_mask
from shared.ops.warp import projective_warp


@keras.saving.register_keras_serializable(package="agns")
class FaceAdder(keras.layers.Layer):
    """Puts glasses on faces, in place or as a photo shows them worn.

    Each pair of glasses meets the face of its own row. With homographies the
    glasses and the mask are warped, so that they lie where the photographed
    frame lies (the physical attack).

    Args:
        size: int, side of glasses and faces in pixels.
        mask: [size, size] in [0, 1], 1 on the frame; kept as a weight, so
            that it is saved with the layer. Default: ones, until weights are
            loaded.

    Call arguments:
        glasses: [N, size, size, 3] in [-1, 1], -1 off the frame.
        faces: [N, size, size, 3] in [0, 1].
        homographies: optional [N, 3, 3], from a pixel (x, y, 1) of a face to
            the position on the canvas of the glasses that it shows.

    Output shape:
        [N, size, size, 3] in [-1, 1].

    Raises:
        ValueError: if the mask or the faces have another size.
    """

    def __init__(self, size=224, mask=None, **kwargs):
        super().__init__(**kwargs)
        self.size = size
        self.mask = add_mask(self, size, mask)

    def build(self, glasses_shape, faces_shape, homographies_shape=None):
        for name, shape in (("glasses", glasses_shape), ("faces", faces_shape)):
            if tuple(shape[1:]) != (self.size, self.size, 3):
                raise ValueError(
                    f"`{name}` must be [N, {self.size}, {self.size}, 3]. "
                    f"Received: shape={tuple(shape)}"
                )

    def call(self, glasses, faces, homographies=None):
        mask = ops.cast(self.mask[None], self.compute_dtype)
        # Light, 0 being black, so that what a warp leaves empty adds nothing.
        light = glasses + 1.0
        if homographies is not None:
            light = ops.cast(
                projective_warp(light, homographies), self.compute_dtype
            )
            mask = ops.repeat(mask, ops.shape(faces)[0], axis=0)
            mask = ops.cast(
                projective_warp(mask, homographies), self.compute_dtype
            )
        return light + 2.0 * faces * (1.0 - mask) - 1.0

    def compute_output_shape(
        self, glasses_shape, faces_shape, homographies_shape=None
    ):
        return tuple(faces_shape)

    def get_config(self):
        return {**super().get_config(), "size": self.size}
