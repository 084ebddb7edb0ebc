"""How tf.keras implements stochastic gradient descent in batches, rebuilt in NumPy.

One room per stage of one training step, in the order in which a batch walks through them::

    data -> batching -> model -> losses -> gradients -> optimizers -> training -> compare

Use it as ``import sgdcourse as sgd``. ``sgdcourse.compare`` and ``sgdcourse.plots`` are imported
by name, since they need tf.keras and matplotlib.
"""

from sgdcourse._source import source
from sgdcourse.batching import shuffle_indices, split_batches, steps_per_epoch
from sgdcourse.callbacks import Callback, EarlyStopping, History, ProgressBar, TrainingState
from sgdcourse.data import load_mnist, make_blobs, make_moons, train_validation_split
from sgdcourse.gradients import backward, loss_gradient, numerical_gradient
from sgdcourse.losses import accuracy, mean_squared_error, sparse_categorical_crossentropy
from sgdcourse.model import dense, forward, init_weights, predict, relu, softmax
from sgdcourse.optimizers import (
    SGD,
    clip_by_global_norm,
    clip_by_norm,
    momentum_update,
    nesterov_update,
    sgd_update,
)
from sgdcourse.schedules import CosineDecay, ExponentialDecay, PiecewiseConstantDecay
from sgdcourse.training import evaluate, fit, fit_textbook, train_step

__version__ = "0.1.0"

__all__ = [
    "SGD",
    "Callback",
    "CosineDecay",
    "EarlyStopping",
    "ExponentialDecay",
    "History",
    "PiecewiseConstantDecay",
    "ProgressBar",
    "TrainingState",
    "accuracy",
    "backward",
    "clip_by_global_norm",
    "clip_by_norm",
    "dense",
    "evaluate",
    "fit",
    "fit_textbook",
    "forward",
    "init_weights",
    "load_mnist",
    "loss_gradient",
    "make_blobs",
    "make_moons",
    "mean_squared_error",
    "momentum_update",
    "nesterov_update",
    "numerical_gradient",
    "predict",
    "relu",
    "sgd_update",
    "shuffle_indices",
    "softmax",
    "source",
    "sparse_categorical_crossentropy",
    "split_batches",
    "steps_per_epoch",
    "train_step",
    "train_validation_split",
]
