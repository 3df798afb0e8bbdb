"""What the Inception modules of OpenFace have in common."""

import keras
from keras import ops


class InceptionPaths(keras.layers.Layer):
    """Paths of layers that see the same input; their outputs side by side.

    A module sets `paths`, a list of lists of layers, in its constructor.

    Input shape:
        [N, H, W, C].

    Output shape:
        [N, H', W', sum of the paths' channels].
    """

    paths: list[list[keras.layers.Layer]]

    def build(self, input_shape):
        for path in self.paths:
            shape = input_shape
            for layer in path:
                layer.build(shape)
                shape = layer.compute_output_shape(shape)

    def call(self, inputs, training=False):
        outputs = []
        for path in self.paths:
            x = inputs
            for layer in path:
                # Pooling is the same in training and in use, and takes no
                # argument for it.
                if layer.weights:
                    x = layer(x, training=training)
                else:
                    x = layer(x)
            outputs.append(x)
        return ops.concatenate(outputs, axis=-1)

    def compute_output_shape(self, input_shape):
        shapes = []
        for path in self.paths:
            shape = input_shape
            for layer in path:
                shape = layer.compute_output_shape(shape)
            shapes.append(shape)
        return (*shapes[0][:-1], sum(shape[-1] for shape in shapes))
