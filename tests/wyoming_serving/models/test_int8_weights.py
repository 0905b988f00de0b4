"""Eight-bit weights: as exact as they can be where no sum of two products may overflow."""

import numpy as np
import pytest

from wyoming_serving.models.int8_weights import quantize


@pytest.mark.parametrize("inputs", [1, 2, 7, 64])
@pytest.mark.parametrize("largest_pair", [127, 254])
def test_no_sum_of_two_products_overflows(inputs: int, largest_pair: int) -> None:
    weight = np.random.default_rng(inputs).standard_t(3, (inputs, 500)).astype(np.float32)
    weight[:, 0] = 0
    weight[:, 1] = 1
    weight[:, 2] = -1
    integers, scale = quantize(weight, largest_pair)
    padded = np.pad(integers.astype(int), ((0, inputs % 2), (0, 0)))
    for pairs in (padded.clip(min=0), -padded.clip(max=0)):
        assert pairs.reshape(-1, 2, 500).sum(axis=1).max() <= largest_pair + 1
    np.testing.assert_allclose(integers * scale, weight, atol=scale.max() / 2 + 1e-6)


def test_a_pair_of_opposite_signs_loses_nothing() -> None:
    weight = np.array([[1.0], [-1.0], [0.5], [0.0]], np.float32)
    integers, _ = quantize(weight, 127)
    assert integers[:, 0].tolist() == [127, -127, 64, 0]


def test_where_products_are_exact_every_integer_is_used() -> None:
    integers, _ = quantize(np.ones((4, 3), np.float32), 254)
    assert (integers == 127).all()
    halved, _ = quantize(np.ones((4, 3), np.float32), 127)
    assert (halved == 64).all()
