"""tf.keras, imported without TensorFlow's start-up chatter, on the CPU.

``from sgdcourse.tf_keras import keras, tf`` gives the same objects as ``import keras`` and
``import tensorflow as tf``. On the CPU every machine computes the same numbers, to the digits
that the course prints. Set CUDA_VISIBLE_DEVICES before the import if you want your GPU.
"""

import contextlib
import os
import sys
from collections.abc import Iterator

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "0")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

if os.environ["KERAS_BACKEND"] != "tensorflow":
    raise ImportError(
        "sgdcourse compares with Keras on TensorFlow. Received: KERAS_BACKEND="
        f"{os.environ['KERAS_BACKEND']!r}. Set KERAS_BACKEND=tensorflow and start the kernel again."
    )


@contextlib.contextmanager
def _stderr_of_c_code_closed() -> Iterator[None]:
    """Redirect file descriptor 2: TensorFlow's C++ code writes there, past ``sys.stderr``."""
    sys.stderr.flush()
    saved, null = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(null)


with _stderr_of_c_code_closed():
    import keras
    import tensorflow as tf

__all__ = ["keras", "tf"]
