"""Answers to the exercises of notebook 04."""

import numpy as np

import sgdcourse as sgd
from tests.answers import right, wrong

# ---- sgd_update --------------------------------------------------------------------------------


@right("sgd_update")
def _(weights, gradients, learning_rate):
    new_weights = []
    for i in range(len(weights)):
        new_weights.append(weights[i] - learning_rate * gradients[i])
    return new_weights


@right("sgd_update")
def _(weights, gradients, learning_rate):
    return list(map(lambda w, g: np.subtract(w, learning_rate * g), weights, gradients))


@right("sgd_update")
def _(weights, gradients, learning_rate):
    new_weights = [w.copy() for w in weights]
    for w, g in zip(new_weights, gradients):
        w -= learning_rate * g
    return new_weights


@right("sgd_update")
def _(weights, gradients, learning_rate):
    steps = tuple(-learning_rate * g for g in gradients)
    return tuple(w + step for w, step in zip(weights, steps))


@wrong("sgd_update", "opposite-sign")
def _(weights, gradients, learning_rate):
    return [w - (-learning_rate) * g for w, g in zip(weights, gradients)]


@wrong("sgd_update", "rate-missing")
def _(weights, gradients, learning_rate):
    new = []
    for w, g in zip(weights, gradients):
        new.append(np.subtract(w, g))
    return new


@wrong("sgd_update", "divides-by-the-rate")
def _(weights, gradients, learning_rate):
    return [w - (1 / learning_rate) * g for w, g in zip(weights, gradients)]


@wrong("sgd_update", "rate-times-the-weights")
def _(weights, gradients, learning_rate):
    return [learning_rate * w - learning_rate * g for w, g in zip(weights, gradients)]


@wrong("sgd_update", "returns-the-steps")
def _(weights, gradients, learning_rate):
    steps = []
    for g in gradients:
        steps.append(0 - g * learning_rate)
    return steps


@wrong("sgd_update", "kernels-only")
def _(weights, gradients, learning_rate):
    new = [w.copy() for w in weights]
    for i in range(0, len(weights), 2):
        new[i] = weights[i] - learning_rate * gradients[i]
    return new


@wrong("sgd_update", "sign-of-the-gradient")
def _(weights, gradients, learning_rate):
    return [
        w - learning_rate * ((g > 0).astype(w.dtype) - (g < 0)) for w, g in zip(weights, gradients)
    ]


@wrong("sgd_update", "changes-its-input")
def _(weights, gradients, learning_rate):
    for w, g in zip(weights, gradients):
        w -= learning_rate * g
    return weights


@wrong("sgd_update", "returns-nothing")
def _(weights, gradients, learning_rate):
    for w, g in zip(weights, gradients):
        w = w - learning_rate * g


@wrong("sgd_update", "raises-an-error")
def _(weights, gradients, learning_rate):
    return weights - learning_rate * gradients


@wrong("sgd_update", "nothing-moves")
def _(weights, gradients, learning_rate):
    for w, g in zip(weights, gradients, strict=True):
        w = w - learning_rate * g
    return weights


@wrong("sgd_update", "first-array-only")
def _(weights, gradients, learning_rate):
    for w, g in zip(weights, gradients):
        return [w - learning_rate * g]


# ---- momentum_update ---------------------------------------------------------------------------


@right("momentum_update")
def _(weights, velocities, gradients, learning_rate, momentum):
    new_weights, new_velocities = [], []
    for w, v, g in zip(weights, velocities, gradients):
        v = momentum * v - learning_rate * g
        new_velocities.append(v)
        new_weights.append(w + v)
    return new_weights, new_velocities


@right("momentum_update")
def _(weights, velocities, gradients, learning_rate, momentum):
    weights, velocities = [w.copy() for w in weights], [v.copy() for v in velocities]
    for i, g in enumerate(gradients):
        velocities[i] *= momentum
        velocities[i] -= learning_rate * g
        weights[i] += velocities[i]
    return [weights, velocities]


@right("momentum_update")
def _(weights, velocities, gradients, learning_rate, momentum):
    # the other sign convention inside, turned around at the end
    pushes = [learning_rate * g - momentum * v for v, g in zip(velocities, gradients)]
    return [w - p for w, p in zip(weights, pushes)], [-p for p in pushes]


@wrong("momentum_update", "momentum-as-average")
def _(weights, velocities, gradients, learning_rate, momentum):
    v = [momentum * v - learning_rate * (1 - momentum) * g for v, g in zip(velocities, gradients)]
    return [w + u for w, u in zip(weights, v)], v


@wrong("momentum_update", "rate-outside-the-velocity")
def _(weights, velocities, gradients, learning_rate, momentum):
    buffers = [momentum * b + g for b, g in zip(velocities, gradients)]
    return [w - learning_rate * b for w, b in zip(weights, buffers)], buffers


@wrong("momentum_update", "average-of-the-gradients")
def _(weights, velocities, gradients, learning_rate, momentum):
    new_weights, averages = [], []
    for w, v, g in zip(weights, velocities, gradients):
        averages.append(g + momentum * (v - g))
        new_weights.append(w - learning_rate * averages[-1])
    return new_weights, averages


@wrong("momentum_update", "momentum-times-the-gradient")
def _(weights, velocities, gradients, learning_rate, momentum):
    v = [momentum * v - momentum * learning_rate * g for v, g in zip(velocities, gradients)]
    return [w + u for w, u in zip(weights, v)], v


@wrong("momentum_update", "old-velocity")
def _(weights, velocities, gradients, learning_rate, momentum):
    new_weights = [w + v for w, v in zip(weights, velocities)]
    velocities = [momentum * v - learning_rate * g for v, g in zip(velocities, gradients)]
    return new_weights, velocities


@wrong("momentum_update", "velocity-not-kept")
def _(weights, velocities, gradients, learning_rate, momentum):
    new_weights = []
    for w, v, g in zip(weights, velocities, gradients):
        v = momentum * v - learning_rate * g
        new_weights.append(w + v)
    return new_weights, velocities


@wrong("momentum_update", "subtracts-the-velocity")
def _(weights, velocities, gradients, learning_rate, momentum):
    v = [momentum * v - learning_rate * g for v, g in zip(velocities, gradients)]
    return [w - u for w, u in zip(weights, v)], v


@wrong("momentum_update", "adds-the-gradient")
def _(weights, velocities, gradients, learning_rate, momentum):
    v = [learning_rate * g + momentum * v for v, g in zip(velocities, gradients)]
    return [w + u for w, u in zip(weights, v)], v


@wrong("momentum_update", "gradient-twice")
def _(weights, velocities, gradients, learning_rate, momentum):
    new_w, new_v = [], []
    for w, v, g in zip(weights, velocities, gradients):
        v = momentum * v - learning_rate * g
        w = w - learning_rate * g
        new_v.append(v)
        new_w.append(w + v)
    return new_w, new_v


@wrong("momentum_update", "momentum-missing")
def _(weights, velocities, gradients, learning_rate, momentum):
    v = [-learning_rate * g for g in gradients]
    return [w + u for w, u in zip(weights, v)], v


@wrong("momentum_update", "nothing-is-lost")
def _(weights, velocities, gradients, learning_rate, momentum):
    v = [np.subtract(v, learning_rate * g) for v, g in zip(velocities, gradients)]
    return [np.add(w, u) for w, u in zip(weights, v)], v


@wrong("momentum_update", "nesterov-instead")
def _(weights, velocities, gradients, learning_rate, momentum):
    new_w, new_v = [], []
    for w, v, g in zip(weights, velocities, gradients):
        v = momentum * v - learning_rate * g
        new_v.append(v)
        new_w.append(w + momentum * v - learning_rate * g)
    return new_w, new_v


@wrong("momentum_update", "returned-the-other-way-round")
def _(weights, velocities, gradients, learning_rate, momentum):
    velocities = [momentum * v - learning_rate * g for v, g in zip(velocities, gradients)]
    weights = [w + v for w, v in zip(weights, velocities)]
    return velocities, weights


@wrong("momentum_update", "changes-its-input")
def _(weights, velocities, gradients, learning_rate, momentum):
    for i in range(len(weights)):
        velocities[i] = momentum * velocities[i] - learning_rate * gradients[i]
        weights[i] = weights[i] + velocities[i]
    return weights, velocities


# ---- nesterov_update ---------------------------------------------------------------------------


@right("nesterov_update")
def _(weights, velocities, gradients, learning_rate, momentum):
    new_weights, new_velocities = [], []
    for w, v, g in zip(weights, velocities, gradients):
        step = learning_rate * g
        v = momentum * v - step
        new_velocities.append(v)
        new_weights.append(w + momentum * v - step)
    return new_weights, new_velocities


@right("nesterov_update")
def _(weights, velocities, gradients, learning_rate, momentum):
    # written out: mu^2 v - mu lr g - lr g
    new_weights = [
        w + momentum**2 * v - (1 + momentum) * learning_rate * g
        for w, v, g in zip(weights, velocities, gradients)
    ]
    return new_weights, [momentum * v - learning_rate * g for v, g in zip(velocities, gradients)]


@right("nesterov_update")
def _(weights, velocities, gradients, learning_rate, momentum):
    def push(v, g):
        return momentum * v - learning_rate * g

    velocities = [push(v, g) for v, g in zip(velocities, gradients)]
    return [w + push(v, g) for w, v, g in zip(weights, velocities, gradients)], velocities


@wrong("nesterov_update", "nesterov-on-the-old-velocity")
def _(weights, velocities, gradients, learning_rate, momentum):
    new_weights, new_velocities = [], []
    for w, v, g in zip(weights, velocities, gradients):
        new_velocities.append(momentum * v - learning_rate * g)
        new_weights.append(w + momentum * v - learning_rate * g)
    return new_weights, new_velocities


@wrong("nesterov_update", "gradient-missing")
def _(weights, velocities, gradients, learning_rate, momentum):
    v = [momentum * v - learning_rate * g for v, g in zip(velocities, gradients)]
    return [w + momentum * u for w, u in zip(weights, v)], v


@wrong("nesterov_update", "velocity-used-whole")
def _(weights, velocities, gradients, learning_rate, momentum):
    v = [momentum * v - learning_rate * g for v, g in zip(velocities, gradients)]
    return [w + u - learning_rate * g for w, u, g in zip(weights, v, gradients)], v


@wrong("nesterov_update", "momentum-squared")
def _(weights, velocities, gradients, learning_rate, momentum):
    v = [momentum * v - learning_rate * g for v, g in zip(velocities, gradients)]
    ahead = [momentum * momentum * u for u in v]
    return [w + a - learning_rate * g for w, a, g in zip(weights, ahead, gradients)], v


@wrong("nesterov_update", "rate-outside-the-velocity")
def _(weights, velocities, gradients, learning_rate, momentum):
    new_weights, buffers = [], []
    for w, b, g in zip(weights, velocities, gradients):
        b = momentum * b + g
        direction = g + momentum * b
        buffers.append(b)
        new_weights.append(w - learning_rate * direction)
    return new_weights, buffers


@wrong("nesterov_update", "looks-ahead-from-the-velocity")
def _(weights, velocities, gradients, learning_rate, momentum):
    v = [momentum * v - learning_rate * g for v, g in zip(velocities, gradients)]
    return [w + (1 + momentum) * u for w, u in zip(weights, v)], v


@wrong("nesterov_update", "keeps-the-looked-ahead-velocity")
def _(weights, velocities, gradients, learning_rate, momentum):
    new_weights, new_velocities = [], []
    for w, v, g in zip(weights, velocities, gradients):
        v = momentum * v - learning_rate * g
        v = momentum * v - learning_rate * g
        new_velocities.append(v)
        new_weights.append(w + v)
    return new_weights, new_velocities


@wrong("nesterov_update", "velocity-not-kept")
def _(weights, velocities, gradients, learning_rate, momentum):
    new = []
    for w, v, g in zip(weights, velocities, gradients):
        v = momentum * v - learning_rate * g
        new.append(w + momentum * v - learning_rate * g)
    return new, velocities


@wrong("nesterov_update", "momentum-as-average")
def _(weights, velocities, gradients, learning_rate, momentum):
    g = [(1 - momentum) * learning_rate * g for g in gradients]
    v = [momentum * v - step for v, step in zip(velocities, g)]
    return [w + momentum * u - step for w, u, step in zip(weights, v, g)], v


@wrong("nesterov_update", "opposite-sign")
def _(weights, velocities, gradients, learning_rate, momentum):
    v = [momentum * v - learning_rate * g for v, g in zip(velocities, gradients)]
    return [w + momentum * u + learning_rate * g for w, u, g in zip(weights, v, gradients)], v


@wrong("nesterov_update", "returns-nothing")
def _(weights, velocities, gradients, learning_rate, momentum):
    for w, v, g in zip(weights, velocities, gradients):
        v = momentum * v - learning_rate * g
        w = w + momentum * v - learning_rate * g


# ---- gradient_step -----------------------------------------------------------------------------


@right("gradient_step")
def _(weights, x, y_true, learning_rate):
    logits, activations = sgd.forward(weights, x)
    dlogits = sgd.loss_gradient(y_true, logits)
    gradients = sgd.backward(weights, activations, dlogits)
    return sgd.sgd_update(weights, gradients, learning_rate)


@right("gradient_step")
def _(weights, x, y_true, learning_rate):
    optimizer = sgd.SGD(learning_rate)
    return sgd.train_step(weights, optimizer, x, y_true)[0]


@right("gradient_step")
def _(weights, x, y_true, learning_rate):
    total = [np.zeros_like(w) for w in weights]
    for i in range(len(x)):
        logits, activations = sgd.forward(weights, x[i : i + 1])
        row = sgd.backward(weights, activations, sgd.loss_gradient(y_true[i : i + 1], logits))
        total = [t + g for t, g in zip(total, row)]
    return [w - learning_rate * t / len(x) for w, t in zip(weights, total)]


@right("gradient_step")
def _(weights, x, y_true, learning_rate):
    # updates each layer on the way back, but goes on through the old kernel
    logits, activations = sgd.forward(weights, x)
    delta, new = sgd.loss_gradient(y_true, logits), []
    for layer in range(len(weights) // 2 - 1, -1, -1):
        kernel, bias, inputs = weights[2 * layer], weights[2 * layer + 1], activations[layer]
        new = [
            kernel - learning_rate * inputs.T @ delta,
            bias - learning_rate * delta.sum(0),
            *new,
        ]
        delta = delta @ kernel.T * (inputs > 0)
    return new


@wrong("gradient_step", "last-layer-first")
def _(weights, x, y_true, learning_rate):
    new = [w.copy() for w in weights]
    logits, activations = sgd.forward(new, x)
    delta = sgd.softmax(logits)
    delta[range(len(x)), y_true] -= 1
    delta /= len(x)
    for k in range(len(new) - 2, -1, -2):
        inputs = activations[k // 2]
        new[k] -= learning_rate * inputs.T @ delta
        new[k + 1] -= learning_rate * delta.sum(axis=0)
        delta = (delta @ new[k].T) * (inputs > 0)
    return new


@wrong("gradient_step", "layers-one-after-another-from-the-front")
def _(weights, x, y_true, learning_rate):
    new = [w.copy() for w in weights]
    for i in range(0, len(new), 2):
        logits, activations = sgd.forward(new, x)
        gradients = sgd.backward(new, activations, sgd.loss_gradient(y_true, logits))
        new[i] -= learning_rate * gradients[i]
        new[i + 1] -= learning_rate * gradients[i + 1]
    return new


@wrong("gradient_step", "layers-one-after-another-from-the-back")
def _(weights, x, y_true, learning_rate):
    new = list(weights)
    for i in range(len(new) - 2, -1, -2):
        logits, activations = sgd.forward(new, x)
        gradients = sgd.backward(new, activations, sgd.loss_gradient(y_true, logits))
        new[i : i + 2] = sgd.sgd_update(new[i : i + 2], gradients[i : i + 2], learning_rate)
    return new


@wrong("gradient_step", "sum-for-mean")
def _(weights, x, y_true, learning_rate):
    logits, activations = sgd.forward(weights, x)
    delta = sgd.softmax(logits)
    delta[np.arange(len(x)), y_true] -= 1
    gradients = sgd.backward(weights, activations, delta)
    return [w - learning_rate * g for w, g in zip(weights, gradients)]


@wrong("gradient_step", "divided-twice")
def _(weights, x, y_true, learning_rate):
    logits, activations = sgd.forward(weights, x)
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    return [w - learning_rate * g / len(x) for w, g in zip(weights, gradients)]


@wrong("gradient_step", "opposite-sign")
def _(weights, x, y_true, learning_rate):
    logits, activations = sgd.forward(weights, x)
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    return [w + learning_rate * g for w, g in zip(weights, gradients)]


@wrong("gradient_step", "kernels-only")
def _(weights, x, y_true, learning_rate):
    logits, activations = sgd.forward(weights, x)
    gradients = sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))
    new = list(weights)
    for i in range(0, len(weights), 2):
        new[i] = weights[i] - learning_rate * gradients[i]
    return new


@wrong("gradient_step", "last-layer-only")
def _(weights, x, y_true, learning_rate):
    logits, activations = sgd.forward(weights, x)
    delta = sgd.loss_gradient(y_true, logits)
    kernel = weights[-2] - learning_rate * activations[-1].T @ delta
    return [*weights[:-2], kernel, weights[-1] - learning_rate * delta.sum(axis=0)]


@wrong("gradient_step", "returns-the-gradients")
def _(weights, x, y_true, learning_rate):
    logits, activations = sgd.forward(weights, x)
    return sgd.backward(weights, activations, sgd.loss_gradient(y_true, logits))


@wrong("gradient_step", "raises-an-error")
def _(weights, x, y_true, learning_rate):
    logits = sgd.forward(weights, x)
    return sgd.backward(weights, x, sgd.loss_gradient(y_true, logits))


# ---- momentum_for_all --------------------------------------------------------------------------


@right("momentum_for_all")
def _(weights, velocities, gradients, learning_rate, momentum):
    return sgd.momentum_update(weights, velocities, gradients, learning_rate, momentum)


@right("momentum_for_all")
def _(weights, velocities, gradients, learning_rate, momentum):
    new_weights, new_velocities = [], []
    for w, v, g in zip(weights, velocities, gradients):
        velocity = momentum * v - learning_rate * g
        new_velocities.append(velocity)
        new_weights.append(w + velocity)
    return new_weights, new_velocities


@right("momentum_for_all")
def _(weights, velocities, gradients, learning_rate, momentum):
    # mended in place of the list that is handed over: a list of its own, filled by number
    velocities, new_weights = list(velocities), []
    for i, (w, g) in enumerate(zip(weights, gradients)):
        velocities[i] = momentum * velocities[i] - learning_rate * g
        new_weights.append(w + velocities[i])
    return new_weights, velocities


@right("momentum_for_all")
def _(weights, velocities, gradients, learning_rate, momentum):
    # equal shapes: all in one array
    w, v, g = np.stack(weights), np.stack(velocities), np.stack(gradients)
    v = momentum * v - learning_rate * g
    return list(w + v), list(v)


@wrong("momentum_for_all", "shared-velocity")
def _(weights, velocities, gradients, learning_rate, momentum):
    velocity = velocities[0]
    new_weights, new_velocities = [], []
    for w, g in zip(weights, gradients):
        new = momentum * velocity - learning_rate * g
        new_weights.append(w + new)
        new_velocities.append(new)
    return new_weights, new_velocities


@wrong("momentum_for_all", "velocity-carried-on")
def _(weights, velocities, gradients, learning_rate, momentum):
    new_weights, new_velocities = [], [velocities[0]]
    for i in range(len(weights)):
        new_velocities.append(momentum * new_velocities[-1] - learning_rate * gradients[i])
        new_weights.append(weights[i] + new_velocities[-1])
    return new_weights, new_velocities[1:]


@wrong("momentum_for_all", "one-velocity-returned")
def _(weights, velocities, gradients, learning_rate, momentum):
    new_weights = []
    for w, v, g in zip(weights, velocities, gradients):
        velocity = momentum * v - learning_rate * g
        new_weights.append(w + velocity)
    return new_weights, [velocity for _ in weights]


@wrong("momentum_for_all", "velocities-start-anew")
def _(weights, velocities, gradients, learning_rate, momentum):
    new_weights, new_velocities = [], []
    for w, g in zip(weights, gradients):
        velocity = np.zeros_like(w)
        velocity = momentum * velocity - learning_rate * g
        new_velocities.append(velocity)
        new_weights.append(w + velocity)
    return new_weights, new_velocities


@wrong("momentum_for_all", "velocity-not-kept")
def _(weights, velocities, gradients, learning_rate, momentum):
    new_weights = []
    for w, v, g in zip(weights, velocities, gradients):
        new_weights.append(w + momentum * v - learning_rate * g)
    return new_weights, velocities


@wrong("momentum_for_all", "one-gradient-for-all")
def _(weights, velocities, gradients, learning_rate, momentum):
    g = gradients[0]
    velocities = [momentum * v - learning_rate * g for v in velocities]
    return [w + v for w, v in zip(weights, velocities)], velocities


@wrong("momentum_for_all", "returns-nothing")
def _(weights, velocities, gradients, learning_rate, momentum):
    for w, v, g in zip(weights, velocities, gradients):
        v = momentum * v - learning_rate * g
        w = w + v


@wrong("momentum_for_all", "changes-its-input")
def _(weights, velocities, gradients, learning_rate, momentum):
    for w, v, g in zip(weights, velocities, gradients):
        v *= momentum
        v -= learning_rate * g
        w += v
    return weights, velocities


@wrong("momentum_for_all", "mean-velocity")
def _(weights, velocities, gradients, learning_rate, momentum):
    v = momentum * np.mean(velocities, axis=0) - learning_rate * np.mean(gradients, axis=0)
    return [w + v for w in weights], [v for _ in weights]
