"""How the row numbers come along: beside the rows, through Keras's own shuffle."""

from typing import Any, NamedTuple

import numpy as np
from keras.src.trainers.data_adapters import array_slicing
from keras.src.trainers.data_adapters.array_data_adapter import (
    ArrayDataAdapter,
    can_convert_arrays,
)

from sgdcourse.tf_keras import keras


class Dealt(NamedTuple):
    """A batch, and the numbers of the rows in it."""

    rows: Any
    batch: Any


class DealingAdapter(ArrayDataAdapter):  # type: ignore[misc]
    """Keras's own adapter for arrays, with one array more: the row numbers.

    They are shuffled, cut and gathered with the others, so no random number is drawn otherwise.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._inputs: Any = Dealt(np.arange(self._num_samples), self._inputs)


def deal_rows(arguments: dict[str, Any]) -> None:
    """Turn the arrays among the arguments of ``fit`` into a DealingAdapter, as Keras would."""
    arrays = arguments["x"], arguments["y"], arguments["sample_weight"]
    if arguments["x"] is None or not can_convert_arrays(arrays):
        return
    if arguments["validation_split"] and arguments["validation_data"] is None:
        arrays, arguments["validation_data"] = array_slicing.train_validation_split(
            arrays, validation_split=arguments["validation_split"]
        )
        arguments["validation_split"] = 0.0
    x, y, sample_weight = arrays
    limits = arguments["steps_per_epoch"], keras.config.max_steps_per_epoch()
    arguments["x"] = DealingAdapter(
        x,
        y,
        sample_weight=sample_weight,
        class_weight=arguments["class_weight"],
        shuffle=arguments["shuffle"],
        batch_size=arguments["batch_size"],
        steps=min(filter(None, limits), default=None),
    )
    arguments["y"] = arguments["sample_weight"] = arguments["class_weight"] = None
