"""Let TensorFlow compute something, in a Python of its own, since it may take Python down with it.

``python -m sgdcourse.commands.tensorflow_probe`` prints what it found as one line of JSON.
"""

import json
from typing import Any

from sgdcourse.tf_keras import keras, tf


def probe() -> dict[str, Any]:
    """Differentiate w * w at w = 3, and say which TensorFlow and Keras did it.

    Returns
    -------
    found : dict
        The versions of "tensorflow" and "keras", Keras's "backend", and the "gradient": 6.0.

    Examples
    --------
    >>> probe()["gradient"]
    6.0
    """
    w = tf.Variable(3.0)
    with tf.GradientTape() as tape:
        loss = w * w
    return {
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "backend": keras.config.backend(),
        "gradient": float(tape.gradient(loss, w)),
    }


if __name__ == "__main__":
    print(json.dumps(probe()))
