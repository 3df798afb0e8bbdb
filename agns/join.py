"""How the generator hears two judges: gradients joined at its images."""

from keras import ops


def join(first, second, kappa):
    """Joins two gradients so that neither drowns the other.

    The larger of the two is scaled down to the norm of the smaller, then
    kappa * first + (1 - kappa) * second.

    Args:
        first, second: [N, ...], one gradient an example.
        kappa: Share of the first, 0 to 1.

    Returns:
        [N, ...]; 0 where either gradient is 0 (also where both are, for which
        the port gives NaN).

    Source: Sharif et al., TOPS 2019, algorithm 1. The port joins whole weight
        tensors instead of examples.
    """
    axes = list(range(1, len(first.shape)))

    def norm(gradient):
        return ops.sqrt(ops.sum(ops.square(gradient), axis=axes, keepdims=True))

    norms = norm(first), norm(second)
    smaller = ops.minimum(*norms)

    def scaled(gradient, size):
        # Where the norm is 0 so is the gradient: any divisor does.
        return gradient * (smaller / ops.where(size > 0, size, 1.0))

    return kappa * scaled(first, norms[0]) + (1.0 - kappa) * scaled(
        second, norms[1]
    )


def split_for_two(images, kappa):
    """The images twice; what comes back from both copies is joined.

    Args:
        images: [N, ...].
        kappa: Share of the first copy's gradient.

    Returns:
        Two tensors equal to `images`. The gradient of any function of both
        by what made the images goes through `join`, example by example.
    """

    @ops.custom_gradient
    def twice(x):
        def grad(*args, upstream=None):
            (upstream,) = args or (upstream,)
            count = ops.shape(upstream)[0] // 2
            return join(upstream[:count], upstream[count:], kappa)

        return ops.concatenate([x, x], axis=0), grad

    both = twice(images)
    count = ops.shape(images)[0]
    return both[:count], both[count:]
