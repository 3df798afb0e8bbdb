"""Distances between two sets of images, by their features."""

import numpy as np

_CHUNK = 500


def frechet_distance(first, second) -> float:
    """Frechet distance between two sets of features taken as Gaussians.

    |m1 - m2|^2 + tr(S1 + S2 - 2 (S1 S2)^(1/2)). In a classifier trained on
    the data set it is called FCD here; FID is the name only for the features
    of one Inception network.

    Args:
        first, second: [N, F] and [M, F], N and M at least 2.

    Returns:
        float >= 0. It grows as 1 / N for small N, so compare equal N only.

    Source: Heusel et al., "GANs Trained by a Two Time-Scale Update Rule
    Converge to a Local Nash Equilibrium", NeurIPS 2017.
    """
    a, b = (np.asarray(x, np.float64) for x in (first, second))
    _check(a, b)
    difference = a.mean(axis=0) - b.mean(axis=0)
    cov_a, cov_b = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    cov_a, cov_b = np.atleast_2d(cov_a), np.atleast_2d(cov_b)
    # The trace of the root of a product, by a symmetric matrix of the same
    # eigenvalues: the root of a product itself may be complex.
    values, vectors = np.linalg.eigh(cov_a)
    root = (vectors * np.sqrt(np.clip(values, 0, None))) @ vectors.T
    values = np.linalg.eigvalsh(root @ cov_b @ root)
    trace = np.sqrt(np.clip(values, 0, None)).sum()
    distance = difference @ difference + np.trace(cov_a + cov_b) - 2 * trace
    return max(0.0, float(distance))


def kernel_distance(first, second, subsets=20, size=1000, seed=0):
    """Kernel distance (KID): squared MMD with the kernel (x.y / F + 1)^3.

    Unbiased at any number of images, so it may be negative.

    Args:
        first, second: [N, F] and [M, F].
        subsets: Random subsets that are averaged.
        size: Images of a subset, from each set; fewer where there are fewer.
        seed: Seed of the subsets.

    Returns:
        Mean and standard deviation over the subsets.

    Source: Binkowski et al., "Demystifying MMD GANs", ICLR 2018.
    """
    a, b = (np.asarray(x, np.float64) for x in (first, second))
    _check(a, b)
    size = min(size, len(a), len(b))
    random = np.random.default_rng(seed)

    def kernel(x, y):
        return (x @ y.T / x.shape[1] + 1.0) ** 3

    results = []
    for _ in range(subsets):
        x = a[random.choice(len(a), size, replace=False)]
        y = b[random.choice(len(b), size, replace=False)]
        xx, yy, xy = kernel(x, x), kernel(y, y), kernel(x, y)
        pairs = size * (size - 1)
        within = (xx.sum() - np.trace(xx) + yy.sum() - np.trace(yy)) / pairs
        results.append(within - 2 * xy.mean())
    return float(np.mean(results)), float(np.std(results))


def precision_recall(real, fake, neighbours=3):
    """Share of samples among the data, and of the data among the samples.

    A point lies in a set's manifold if it is within the distance of one of
    the set's points to its k-th nearest neighbour in the set.

    Args:
        real, fake: [N, F] and [M, F], more than `neighbours` each.
        neighbours: k.

    Returns:
        precision, recall: floats in [0, 1].

    Source: Kynkaanniemi et al., "Improved Precision and Recall Metric for
    Assessing Generative Models", NeurIPS 2019.
    """
    real, fake = (np.asarray(x, np.float32) for x in (real, fake))
    _check(real, fake, neighbours + 1)

    def inside(points, manifold):
        radii = np.concatenate(
            [
                np.partition(d, neighbours, axis=1)[:, neighbours]
                for d in _squared_distances(manifold, manifold)
            ]
        )
        found = [
            (d <= radii[None]).any(axis=1)
            for d in _squared_distances(points, manifold)
        ]
        return float(np.concatenate(found).mean())

    return inside(fake, real), inside(real, fake)


def nearest_neighbours(images, others):
    """For each image the nearest of others, in pixels.

    Args:
        images, others: uint8 [N, H, W, C] and [M, H, W, C].

    Returns:
        int [N], index into `others`; float [N], root mean squared difference
        of the pixels, in levels of 0 to 255.
    """
    a = np.asarray(images, np.float32).reshape(len(images), -1)
    b = np.asarray(others, np.float32).reshape(len(others), -1)
    index = np.concatenate([d.argmin(axis=1) for d in _squared_distances(a, b)])
    # From the pixels again: the expanded square has lost digits.
    return index, np.sqrt(np.mean((a - b[index]) ** 2, axis=1))


def _squared_distances(a, b):
    """Yields [chunk, M] blocks of squared distances of a's rows to b's."""
    squares = np.einsum("mf,mf->m", b, b)
    for start in range(0, len(a), _CHUNK):
        part = a[start : start + _CHUNK]
        distances = squares[None] - 2.0 * part @ b.T
        distances += np.einsum("nf,nf->n", part, part)[:, None]
        yield np.maximum(distances, 0.0)


def _check(a, b, least=2):
    if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[1]:
        raise ValueError(
            "features must be [N, F] and [M, F]. Received: "
            f"{a.shape} and {b.shape}"
        )
    if min(len(a), len(b)) < least:
        raise ValueError(
            f"at least {least} images are needed. Received: "
            f"{len(a)} and {len(b)}"
        )
