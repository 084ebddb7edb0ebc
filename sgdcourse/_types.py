"""Names for the types in the signatures."""

from typing import Any, TypeAlias

from numpy.typing import NDArray

Array: TypeAlias = NDArray[Any]
Weights: TypeAlias = list[
    Array
]  # kernel, bias, kernel, bias, ...: the order of Keras's get_weights()
