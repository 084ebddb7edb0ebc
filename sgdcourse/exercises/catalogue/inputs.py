"""Inputs with nothing special about them, the same every time, for the cases of the exercises."""

import numpy as np

import sgdcourse as sgd


def generator(seed=0):
    """Return a random generator that starts at a known place."""
    return np.random.default_rng(seed)


def random_numbers(*shape, seed=0):
    """Return an array with two digits behind the point."""
    return generator(seed).standard_normal(shape).round(2)


def random_arrays(*shapes, seed=0, dtype="float64"):
    """Return one such array for each shape, all from one generator."""
    rng = generator(seed)
    return [rng.standard_normal(shape).round(2).astype(dtype) for shape in shapes]


def random_network(*sizes):
    """Return float64 weights for layers of these sizes, biases not zero."""
    weights = sgd.init_weights(list(sizes), generator(), "float64")
    return [w if w.ndim == 2 else random_numbers(len(w)) for w in weights]
