"""Which models cannot be recorded, and what to do instead."""

from typing import Any

from sgdcourse.tf_keras import keras


def check_model(model: Any) -> None:
    """Raise if this model cannot be recorded, and say what can be done."""
    if not isinstance(model, keras.Model):
        raise TypeError(
            "model must be a keras.Model (Keras 3). Received: an object of "
            f"{type(model).__module__}.{type(model).__qualname__}. A model of tf_keras (Keras 2), "
            "scikit-learn or PyTorch has another fit; build it with `import keras`."
        )
    if keras.backend.backend() != "tensorflow":
        raise ValueError(
            "model must run on TensorFlow. Received: a model on the backend "
            f"{keras.backend.backend()!r}. Set KERAS_BACKEND=tensorflow and start Python again."
        )
    if not model.compiled:
        raise ValueError(
            "model must be compiled. Received: a model that is not. Call "
            "model.compile(optimizer=..., loss=...) first."
        )
    if model.optimizer is None:
        raise ValueError(
            "model must have an optimizer. Received: a model that was compiled with "
            "optimizer=None. Compile it with keras.optimizers.SGD()."
        )
    replicas = model.distribute_strategy.num_replicas_in_sync
    if replicas > 1:
        raise ValueError(
            "model must train on one device. Received: a model under "
            f"{type(model.distribute_strategy).__name__} with {replicas} replicas, each of which "
            "sees a part of the batch. Build it without `strategy.scope()` to record it; with "
            "batches that split evenly, the updates are the same up to rounding."
        )
