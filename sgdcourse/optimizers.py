"""Room 6, optimizers: how a gradient moves the weights.

The update rules are written as Keras writes them. Its learning rate stands INSIDE the velocity,
``v = momentum * v - learning_rate * g``. PyTorch keeps it outside (``v = momentum * v + g``, then
``w -= learning_rate * v``): the same weights while the rate is constant, others once it changes.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from sgdcourse import _checks
from sgdcourse._types import Array, Weights


def sgd_update(weights: Weights, gradients: Weights, learning_rate: float) -> Weights:
    r"""Plain gradient descent: a step against the gradient.

    .. math:: w \leftarrow w - \eta\, g

    Parameters
    ----------
    weights : list of arrays
        w; they are not changed.
    gradients : list of arrays
        g, all taken at the same weights: no layer sees another layer's update.
    learning_rate : float
        The step size :math:`\eta`.

    Returns
    -------
    weights : list of arrays
        The new weights.

    Examples
    --------
    >>> sgd_update([np.array([1.0, 2.0])], [np.array([10.0, -10.0])], learning_rate=0.1)
    [array([0., 3.])]

    References
    ----------
    Robbins and Monro (1951), "A stochastic approximation method".
    Keras: ``keras/src/optimizers/sgd.py``, ``update_step``.
    """
    return [w - g * learning_rate for w, g in zip(weights, gradients, strict=True)]


def momentum_update(
    weights: Weights, velocities: Weights, gradients: Weights, learning_rate: float, momentum: float
) -> tuple[Weights, Weights]:
    r"""Gradient descent with momentum: the velocity remembers earlier gradients.

    .. math:: v \leftarrow \mu\, v - \eta\, g, \qquad w \leftarrow w + v

    Parameters
    ----------
    weights : list of arrays
        w; they are not changed.
    velocities : list of arrays
        v, one per weight array; zeros before the first update.
    gradients : list of arrays
        g, all taken at the same weights.
    learning_rate : float
        The step size :math:`\eta`, inside the velocity.
    momentum : float
        The share :math:`\mu` of the velocity that is kept. There is no factor
        :math:`(1 - \mu)` before the gradient: this is not an average.

    Returns
    -------
    weights, velocities : two lists of arrays
        Both new.

    Examples
    --------
    >>> w, v, g = [np.array([1.0])], [np.array([0.5])], [np.array([10.0])]
    >>> momentum_update(w, v, g, learning_rate=0.1, momentum=0.9)
    ([array([0.45])], [array([-0.55])])

    References
    ----------
    Polyak (1964), "Some methods of speeding up the convergence of iteration methods".
    Keras: ``keras/src/optimizers/sgd.py``, ``update_step``.
    """
    velocities = [
        v * momentum - g * learning_rate for v, g in zip(velocities, gradients, strict=True)
    ]
    return [w + v for w, v in zip(weights, velocities, strict=True)], velocities


def nesterov_update(
    weights: Weights, velocities: Weights, gradients: Weights, learning_rate: float, momentum: float
) -> tuple[Weights, Weights]:
    r"""Nesterov momentum: the velocity is used as it will be one step later.

    .. math:: v \leftarrow \mu\, v - \eta\, g, \qquad w \leftarrow w + \mu\, v - \eta\, g

    Parameters
    ----------
    weights, velocities, gradients, learning_rate, momentum
        As in ``momentum_update``; the second formula uses the NEW velocity.

    Returns
    -------
    weights, velocities : two lists of arrays
        Both new.

    Examples
    --------
    >>> w, v, g = [np.array([1.0])], [np.array([0.5])], [np.array([10.0])]
    >>> nesterov_update(w, v, g, learning_rate=0.1, momentum=0.9)
    ([array([-0.495])], [array([-0.55])])

    References
    ----------
    Nesterov (1983); Sutskever, Martens, Dahl and Hinton (2013), "On the importance of
    initialization and momentum in deep learning".
    Keras: ``keras/src/optimizers/sgd.py``, ``update_step``.
    """
    velocities = [
        v * momentum - g * learning_rate for v, g in zip(velocities, gradients, strict=True)
    ]
    weights = [
        w + v * momentum - g * learning_rate
        for w, v, g in zip(weights, velocities, gradients, strict=True)
    ]
    return weights, velocities


def clip_by_norm(gradient: Array, clipnorm: float) -> Array:
    r"""Shorten one gradient array to the length ``clipnorm``, if it is longer.

    .. math:: g \leftarrow g \cdot \frac{c}{\max(\lVert g \rVert_2,\, c)}

    Parameters
    ----------
    gradient : array of floats
        g, the gradient of one weight array.
    clipnorm : float
        c, the greatest length allowed.

    Returns
    -------
    gradient : array, same shape and dtype

    Examples
    --------
    >>> clip_by_norm(np.array([3.0, 4.0]), 1.0), clip_by_norm(np.array([3.0, 4.0]), 10.0)
    (array([0.6, 0.8]), array([3., 4.]))
    """
    norm = np.sqrt(np.sum(np.square(gradient)))
    return gradient * clipnorm / np.maximum(norm, clipnorm)


def clip_by_global_norm(gradients: Weights, global_clipnorm: float) -> Weights:
    r"""Shorten all gradients together, so that their direction stays the same.

    .. math:: g_j \leftarrow g_j \cdot \frac{c}{\max(N,\, c)}, \qquad
       N = \sqrt{\textstyle\sum_j \lVert g_j \rVert_2^2}

    Parameters
    ----------
    gradients : list of arrays
        The gradient of every weight array.
    global_clipnorm : float
        c, the greatest length allowed for all of them joined into one vector.

    Returns
    -------
    gradients : list of arrays

    Examples
    --------
    >>> clip_by_global_norm([np.array([3.0]), np.array([4.0])], 1.0)
    [array([0.6]), array([0.8])]

    References
    ----------
    Pascanu, Mikolov and Bengio (2013), "On the difficulty of training recurrent neural networks".
    """
    norm = np.sqrt(sum(np.sum(np.square(g)) for g in gradients))
    return [g * global_clipnorm / np.maximum(norm, global_clipnorm) for g in gradients]


class SGD:
    r"""The optimizer: an update rule and what it remembers, with Keras's arguments.

    One call of ``update`` does, in Keras's order: gather the gradients of several batches, clip,
    decay the weights, apply the update rule, average the weights, count.

    Parameters
    ----------
    learning_rate : float or callable
        :math:`\eta`, above 0; or a schedule: ``schedule(iterations)`` gives the rate of each
        update (``ExponentialDecay``, ``CosineDecay``, ``PiecewiseConstantDecay``). Keras moves
        the rate for a ``LearningRateSchedule`` only; a plain function given to Keras takes no
        argument and is called only when the step is traced, so its rate stands still.
    momentum : float
        :math:`\mu`, between 0 and 1. 0: ``sgd_update``. Above: ``momentum_update``.
    nesterov : bool
        True: ``nesterov_update``. Without momentum it changes nothing.
    weight_decay : float, optional
        :math:`w \leftarrow w - \eta \lambda w` before the update, for biases, too. It does not
        pass through the velocity, so it is not the same as an L2 penalty.
    clipnorm : float, optional
        Clip each gradient array by its own norm.
    clipvalue : float, optional
        Clip each number of each gradient to [-clipvalue, clipvalue].
    global_clipnorm : float, optional
        Clip all gradients by their joint norm. Only one of the three can be set.
    use_ema : bool
        True: keep a moving average of the weights, :math:`a \leftarrow m\, a + (1 - m)\, w`
        after each batch; it takes the place of the weights when ``fit`` ends.
    ema_momentum : float
        :math:`m`, between 0 and 1.
    ema_overwrite_frequency : int, optional
        The average takes the place of the weights after every so many updates, too.
    gradient_accumulation_steps : int, optional
        k, at least 2: update once in k batches, with the mean of their gradients. Epochs do not
        matter: a remainder waits for the next epoch. Schedules count batches all the same.

    Attributes
    ----------
    batches : int
        Gradients received so far.
    iterations : int
        Updates made so far: ``batches``, or with accumulation ``batches // k``.
    velocities : list of arrays or None
        None until the first update with momentum.
    average_weights : list of arrays or None
        The moving average; None until the first batch.

    Raises
    ------
    TypeError, ValueError
        If an argument breaks its rule. Like Keras, it wants floats: ``momentum=1`` is refused,
        ``momentum=1.0`` is not.

    Examples
    --------
    >>> optimizer = SGD(learning_rate=0.1, momentum=0.9)
    >>> weights = [np.array([1.0])]
    >>> weights = optimizer.update(weights, [np.array([10.0])])
    >>> weights = optimizer.update(weights, [np.array([10.0])])
    >>> weights, optimizer.velocities, optimizer.iterations
    ([array([-1.9])], [array([-1.9])], 2)

    References
    ----------
    Keras: ``keras/src/optimizers/sgd.py`` and ``keras/src/optimizers/base_optimizer.py``.
    """

    def __init__(
        self,
        learning_rate: float | Callable[[int], float] = 0.01,
        momentum: float = 0.0,
        nesterov: bool = False,
        weight_decay: float | None = None,
        clipnorm: float | None = None,
        clipvalue: float | None = None,
        global_clipnorm: float | None = None,
        use_ema: bool = False,
        ema_momentum: float = 0.99,
        ema_overwrite_frequency: int | None = None,
        gradient_accumulation_steps: int | None = None,
    ) -> None:
        self.learning_rate = learning_rate
        self.momentum = _checks.python_float("momentum", momentum, at_least=0, at_most=1)
        self.nesterov = _checks.boolean("nesterov", nesterov)
        self.weight_decay = _checks.optional_number("weight_decay", weight_decay, at_least=0)
        self.clipnorm = _checks.optional_number("clipnorm", clipnorm, above=0)
        self.clipvalue = _checks.optional_number("clipvalue", clipvalue, above=0)
        self.global_clipnorm = _checks.optional_number("global_clipnorm", global_clipnorm, above=0)
        _checks.at_most_one(clipnorm=clipnorm, clipvalue=clipvalue, global_clipnorm=global_clipnorm)
        self.use_ema = _checks.boolean("use_ema", use_ema)
        self.ema_momentum = _checks.number("ema_momentum", ema_momentum, at_least=0, at_most=1)
        self.ema_overwrite_frequency = _checks.optional_integer(
            "ema_overwrite_frequency", ema_overwrite_frequency, at_least=1
        )
        self.gradient_accumulation_steps = _checks.optional_integer(
            "gradient_accumulation_steps", gradient_accumulation_steps, at_least=2
        )
        self.batches = 0
        self.velocities: Weights | None = None
        self.average_weights: Weights | None = None
        self._gathered: Weights | None = None

    @property
    def iterations(self) -> int:
        """Updates made so far."""
        return self.batches // (self.gradient_accumulation_steps or 1)

    @property
    def learning_rate(self) -> float:
        """The rate of the next update. Assign to it to change it, as in Keras."""
        if callable(self._learning_rate):
            return float(self._learning_rate(self.batches))
        return self._learning_rate

    @learning_rate.setter
    def learning_rate(self, value: float | Callable[[int], float]) -> None:
        self._learning_rate = (
            value if callable(value) else _checks.python_float("learning_rate", value, above=0)
        )

    def update(self, weights: Weights, gradients: Weights) -> Weights:
        """Take the gradients of one batch: make one update, and remember what the next one needs.

        Parameters
        ----------
        weights, gradients : lists of arrays
            Same order and shapes; neither is changed.

        Returns
        -------
        weights : list of arrays
            The new weights; the old ones while gradients are only gathered.

        Raises
        ------
        ValueError
            If the shapes differ from each other, or from those of the earlier updates.
        """
        _checks.same_shapes("gradients", gradients, "weights", weights)
        for remembered in (self.velocities, self.average_weights, self._gathered):
            if remembered is not None:
                _checks.same_shapes("weights", weights, "the optimizer's memory", remembered)
        gradients, complete = self._gather(gradients)
        if complete:
            weights = self._step(weights, gradients)
        if self.use_ema:
            weights = self._average(weights)
        self.batches += 1
        return weights

    def finalize_variable_values(self, weights: Weights) -> Weights:
        """Return the weights that a training ends with: the average if there is one, else these.

        Parameters
        ----------
        weights : list of arrays

        Returns
        -------
        weights : list of arrays
        """
        return weights if self.average_weights is None else self.average_weights

    def _gather(self, gradients: Weights) -> tuple[Weights, bool]:
        steps = self.gradient_accumulation_steps
        if not steps:
            return gradients, True
        if self._gathered is not None:
            gradients = [g + sum_ for g, sum_ in zip(gradients, self._gathered, strict=True)]
        complete = (self.batches + 1) % steps == 0
        self._gathered = None if complete else gradients
        return [g / steps for g in gradients], complete

    def _step(self, weights: Weights, gradients: Weights) -> Weights:
        learning_rate = self.learning_rate
        gradients = self._clip(gradients)
        if self.weight_decay:
            weights = [w - w * self.weight_decay * learning_rate for w in weights]
        if self.momentum == 0:
            return sgd_update(weights, gradients, learning_rate)
        if self.velocities is None:
            self.velocities = [np.zeros_like(w) for w in weights]
        rule = nesterov_update if self.nesterov else momentum_update
        weights, self.velocities = rule(
            weights, self.velocities, gradients, learning_rate, self.momentum
        )
        return weights

    def _average(self, weights: Weights) -> Weights:
        # before the first update is over, the average is the weights themselves
        m = self.ema_momentum if self.iterations else 0.0
        before = self.average_weights or weights
        self.average_weights = [m * a + (1 - m) * w for a, w in zip(before, weights, strict=True)]
        overwrite = self.ema_overwrite_frequency
        if overwrite and (self.iterations + 1) % overwrite == 0:
            return self.average_weights
        return weights

    def _clip(self, gradients: Weights) -> Weights:
        if self.clipnorm is not None:
            return [clip_by_norm(g, self.clipnorm) for g in gradients]
        if self.global_clipnorm is not None:
            return clip_by_global_norm(gradients, self.global_clipnorm)
        if self.clipvalue is not None:
            return [np.clip(g, -self.clipvalue, self.clipvalue) for g in gradients]
        return gradients

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, under Keras's names."""
        return {
            "learning_rate": self._learning_rate,
            "momentum": self.momentum,
            "nesterov": self.nesterov,
            "weight_decay": self.weight_decay,
            "clipnorm": self.clipnorm,
            "clipvalue": self.clipvalue,
            "global_clipnorm": self.global_clipnorm,
            "use_ema": self.use_ema,
            "ema_momentum": self.ema_momentum,
            "ema_overwrite_frequency": self.ema_overwrite_frequency,
            "gradient_accumulation_steps": self.gradient_accumulation_steps,
        }

    def __repr__(self) -> str:
        defaults = SGD().get_config() if type(self) is SGD else {}
        shown = {
            k: v
            for k, v in self.get_config().items()
            if k == "learning_rate" or v != defaults.get(k)
        }
        return f"SGD({', '.join(f'{name}={value!r}' for name, value in shown.items())})"
