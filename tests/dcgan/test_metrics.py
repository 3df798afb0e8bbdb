"""Distances against closed forms and brute force; copies are found."""

import numpy as np
import pytest
import scipy.linalg

from dcgan.metrics import (
    frechet_distance,
    kernel_distance,
    nearest_neighbours,
    precision_recall,
)


def features(seed, count=400, size=5, shift=0.0, scale=1.0):
    rng = np.random.default_rng(seed)
    mix = np.random.default_rng(9).normal(size=(size, size))
    return scale * rng.normal(size=(count, size)) @ mix + shift


def test_frechet_equals_the_formula_with_a_matrix_root():
    a, b = features(0), features(1, 300, shift=0.7, scale=1.4)
    cov_a, cov_b = np.cov(a.T), np.cov(b.T)
    root = scipy.linalg.sqrtm(cov_a @ cov_b).real
    expected = np.sum((a.mean(0) - b.mean(0)) ** 2)
    expected += np.trace(cov_a + cov_b - 2 * root)
    assert frechet_distance(a, b) == pytest.approx(expected, rel=1e-8)
    assert frechet_distance(a, b) == pytest.approx(
        frechet_distance(b, a), rel=1e-8
    )


def test_frechet_of_a_shift_is_its_square_and_of_itself_zero():
    a = features(2)
    assert frechet_distance(a, a) == pytest.approx(0.0, abs=1e-8)
    assert frechet_distance(a, a + 3.0) == pytest.approx(5 * 9.0, rel=1e-9)


def test_frechet_takes_features_which_never_vary():
    a = np.hstack([features(3), np.zeros((400, 2))])
    b = np.hstack([features(4), np.ones((400, 2))])
    assert frechet_distance(a, b) == pytest.approx(
        frechet_distance(a[:, :5], b[:, :5]) + 2.0, rel=1e-6
    )


def test_kernel_distance_is_the_unbiased_estimate_by_brute_force():
    a, b = features(5, 30), features(6, 30, shift=0.5)

    def kernel(x, y):
        return (np.dot(x, y) / 5 + 1) ** 3

    total = 0.0
    for i in range(30):
        for j in range(30):
            if i != j:
                total += (kernel(a[i], a[j]) + kernel(b[i], b[j])) / (30 * 29)
            total -= 2 * kernel(a[i], b[j]) / 900
    mean, std = kernel_distance(a, b, subsets=3, size=30)
    assert mean == pytest.approx(total, rel=1e-9)
    assert std == pytest.approx(0.0, abs=1e-9)


def test_kernel_distance_is_about_zero_for_one_law_at_any_size():
    small = [
        kernel_distance(features(s, 60), features(s + 50, 60), subsets=1)[0]
        for s in range(40)
    ]
    spread = np.std(small) / np.sqrt(len(small))
    assert abs(np.mean(small)) < 4 * spread
    far = kernel_distance(features(0, 60), features(1, 60, shift=3.0))[0]
    assert far > 10 * np.std(small)


def test_precision_falls_with_outliers_and_recall_with_missing_modes():
    rng = np.random.default_rng(0)
    modes = np.repeat([[0.0, 0.0], [50.0, 0.0]], 200, axis=0)
    real = modes + rng.normal(size=modes.shape)
    same = modes + rng.normal(size=modes.shape)
    precision, recall = precision_recall(real, same)
    assert precision > 0.9 and recall > 0.9
    one_mode = rng.normal(size=(400, 2))
    precision, recall = precision_recall(real, one_mode)
    assert precision > 0.9 and recall == pytest.approx(0.5, abs=0.06)
    noise = rng.uniform(-300, 300, (400, 2))
    precision, recall = precision_recall(real, noise)
    assert precision < 0.05


def test_precision_and_recall_by_brute_force():
    real, fake = features(1, 40), features(2, 30, shift=0.8)

    def inside(points, manifold):
        count = 0
        for point in points:
            for centre in manifold:
                radius = np.sort(np.linalg.norm(manifold - centre, axis=1))[3]
                if np.linalg.norm(point - centre) <= radius:
                    count += 1
                    break
        return count / len(points)

    found = precision_recall(real, fake)
    assert found == pytest.approx((inside(fake, real), inside(real, fake)))


def test_a_copied_image_is_found_among_many():
    rng = np.random.default_rng(4)
    train = rng.integers(0, 256, (700, 6, 5, 1), np.uint8)
    images = train[[3, 699]].copy()
    images[1, 0, 0, 0] ^= 128
    index, distances = nearest_neighbours(images, train)
    assert index.tolist() == [3, 699]
    assert distances == pytest.approx([0.0, 128 / np.sqrt(30)], rel=1e-6)


def test_features_which_cannot_be_compared_are_refused():
    for function in (frechet_distance, kernel_distance, precision_recall):
        with pytest.raises(ValueError, match="features must be"):
            function(np.zeros((9, 3)), np.zeros((9, 4)))
        with pytest.raises(ValueError, match="at least"):
            function(np.zeros((9, 3)), np.zeros((1, 3)))
