"""Answers to the exercises of notebook 07."""

import math

import numpy as np

from tests.answers import right, wrong

# ---- exponential_decay -------------------------------------------------------------------------


@right("exponential_decay")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    return initial_learning_rate * math.pow(decay_rate, step / decay_steps)


@right("exponential_decay")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    return initial_learning_rate * np.exp(np.log(decay_rate) * step / decay_steps)


@right("exponential_decay")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    rate = initial_learning_rate
    for _ in range(step):
        rate = rate * decay_rate ** (1 / decay_steps)
    return rate


@wrong("exponential_decay", "staircase")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    return initial_learning_rate * decay_rate ** int(step / decay_steps)


@wrong("exponential_decay", "staircase")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    rate = initial_learning_rate
    for number in range(1, step + 1):
        if number % decay_steps == 0:
            rate *= decay_rate
    return rate


@wrong("exponential_decay", "linear-decay")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    target = initial_learning_rate * decay_rate
    return initial_learning_rate + (target - initial_learning_rate) * step / decay_steps


@wrong("exponential_decay", "factor-instead-of-power")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    decays = step / decay_steps
    return initial_learning_rate * (decay_rate * decays)


@wrong("exponential_decay", "decay-rate-as-what-is-lost")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    kept = 1 - decay_rate
    return initial_learning_rate * math.pow(kept, step / decay_steps)


@wrong("exponential_decay", "decays-each-step")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    rate = initial_learning_rate
    for _ in range(step):
        rate = rate * decay_rate
    return rate


@wrong("exponential_decay", "exponent-upside-down")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    exponent = decay_steps / step
    return initial_learning_rate * math.pow(decay_rate, exponent)


@wrong("exponential_decay", "natural-exponential")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    return initial_learning_rate / np.exp(step / decay_steps * decay_rate)


@wrong("exponential_decay", "inverse-time")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    decays = step / decay_steps
    return (1 / (1 + decays * decay_rate)) * initial_learning_rate


@wrong("exponential_decay", "rate-in-the-power")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    base = initial_learning_rate * decay_rate
    return base ** (step / decay_steps)


@wrong("exponential_decay", "counts-from-one")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    step = step + 1
    return initial_learning_rate * decay_rate ** (step / decay_steps)


@wrong("exponential_decay", "raises-an-error")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    return initial_learning_rate * math.pow(decay_rate, step / decay_step)  # noqa: F821


@wrong("exponential_decay", "prints-instead-of-returning")
def _(initial_learning_rate, decay_steps, decay_rate, step):
    print(initial_learning_rate * decay_rate ** (step / decay_steps))


# ---- clip_by_global_norm -----------------------------------------------------------------------


@right("clip_by_global_norm")
def _(gradients, global_clipnorm):
    length = np.linalg.norm(np.concatenate([g.ravel() for g in gradients]))
    if length <= global_clipnorm:
        return gradients
    return [g / length * global_clipnorm for g in gradients]


@right("clip_by_global_norm")
def _(gradients, global_clipnorm):
    squares = 0.0
    for g in gradients:
        for value in g.flat:
            squares += float(value) ** 2
    factor = min(1.0, global_clipnorm / math.sqrt(squares)) if squares else 1.0
    return [factor * g for g in gradients]


@right("clip_by_global_norm")
def _(gradients, global_clipnorm):
    length = math.hypot(*[float(np.linalg.norm(g)) for g in gradients])
    clipped = [g.copy() for g in gradients]
    if length > global_clipnorm:
        for g in clipped:
            g *= global_clipnorm / length
    return clipped


@wrong("clip_by_global_norm", "clips-each-array")
def _(gradients, global_clipnorm):
    clipped = []
    for g in gradients:
        length = np.linalg.norm(g)
        clipped.append(g * global_clipnorm / length if length > global_clipnorm else g)
    return clipped


@wrong("clip_by_global_norm", "clips-each-number")
def _(gradients, global_clipnorm):
    return [np.maximum(np.minimum(g, global_clipnorm), -global_clipnorm) for g in gradients]


@wrong("clip_by_global_norm", "always-rescaled")
def _(gradients, global_clipnorm):
    length = np.linalg.norm(np.concatenate([g.ravel() for g in gradients]))
    return [g / max(length, 1e-12) * global_clipnorm for g in gradients]


@wrong("clip_by_global_norm", "root-missing")
def _(gradients, global_clipnorm):
    length = sum((g**2).sum() for g in gradients)
    if length > global_clipnorm:
        return [g * global_clipnorm / length for g in gradients]
    return gradients


@wrong("clip_by_global_norm", "sum-of-the-norms")
def _(gradients, global_clipnorm):
    length = sum(np.linalg.norm(g) for g in gradients)
    return [g * min(1, global_clipnorm / length) if length else g for g in gradients]


@wrong("clip_by_global_norm", "largest-norm")
def _(gradients, global_clipnorm):
    length = max(np.linalg.norm(g) for g in gradients)
    return [g if length <= global_clipnorm else g * global_clipnorm / length for g in gradients]


@wrong("clip_by_global_norm", "largest-number")
def _(gradients, global_clipnorm):
    largest = max(float(abs(g).max()) for g in gradients)
    return [g if largest <= global_clipnorm else g * global_clipnorm / largest for g in gradients]


@wrong("clip_by_global_norm", "sum-of-absolute-values")
def _(gradients, global_clipnorm):
    length = np.abs(np.concatenate([g.ravel() for g in gradients])).sum()
    return [g if length <= global_clipnorm else g * global_clipnorm / length for g in gradients]


@wrong("clip_by_global_norm", "limit-missing")
def _(gradients, global_clipnorm):
    length = np.linalg.norm(np.concatenate([g.ravel() for g in gradients]))
    return [g / length if length > global_clipnorm else g for g in gradients]


@wrong("clip_by_global_norm", "not-clipped")
def _(gradients, global_clipnorm):
    length = np.linalg.norm(np.concatenate([g.ravel() for g in gradients]))
    if length > global_clipnorm:
        for g in gradients:
            g = g * global_clipnorm / length
    return gradients


@wrong("clip_by_global_norm", "not-finite")
def _(gradients, global_clipnorm):
    length = np.sqrt(sum((g**2).sum() for g in gradients))
    return [g / length * min(length, global_clipnorm) for g in gradients]


@wrong("clip_by_global_norm", "changes-its-input")
def _(gradients, global_clipnorm):
    length = np.linalg.norm(np.concatenate([g.ravel() for g in gradients]))
    if length > global_clipnorm:
        for g in gradients:
            g *= global_clipnorm / length
    return gradients


# ---- weight_decay_update -----------------------------------------------------------------------


@right("weight_decay_update")
def _(weights, gradients, learning_rate, weight_decay):
    return [w - learning_rate * (g + weight_decay * w) for w, g in zip(weights, gradients)]


@right("weight_decay_update")
def _(weights, gradients, learning_rate, weight_decay):
    keep = 1 - learning_rate * weight_decay
    return [keep * w - learning_rate * g for w, g in zip(weights, gradients)]


@right("weight_decay_update")
def _(weights, gradients, learning_rate, weight_decay):
    new = [w.copy() for w in weights]
    for i in range(len(new)):
        new[i] -= weights[i] * weight_decay * learning_rate
        new[i] -= learning_rate * gradients[i]
    return new


@wrong("weight_decay_update", "l2-with-factor-two")
def _(weights, gradients, learning_rate, weight_decay):
    gradients = [g + 2 * weight_decay * w for w, g in zip(weights, gradients)]
    return [w - learning_rate * g for w, g in zip(weights, gradients)]


@wrong("weight_decay_update", "rate-missing")
def _(weights, gradients, learning_rate, weight_decay):
    return [(1 - weight_decay) * w - learning_rate * g for w, g in zip(weights, gradients)]


@wrong("weight_decay_update", "decays-after-the-step")
def _(weights, gradients, learning_rate, weight_decay):
    weights = [w - learning_rate * g for w, g in zip(weights, gradients)]
    return [w - learning_rate * weight_decay * w for w in weights]


@wrong("weight_decay_update", "grows-instead")
def _(weights, gradients, learning_rate, weight_decay):
    return [w - learning_rate * (g - weight_decay * w) for w, g in zip(weights, gradients)]


@wrong("weight_decay_update", "multiplies-by-the-decay")
def _(weights, gradients, learning_rate, weight_decay):
    weights = [np.multiply(w, weight_decay) for w in weights]
    return [w - learning_rate * g for w, g in zip(weights, gradients)]


@wrong("weight_decay_update", "decay-missing")
def _(weights, gradients, learning_rate, weight_decay):
    decayed = [w - learning_rate * weight_decay * w for w in weights]
    return [w - learning_rate * g for w, g, _ in zip(weights, gradients, decayed)]


@wrong("weight_decay_update", "decays-the-gradient")
def _(weights, gradients, learning_rate, weight_decay):
    return [w - learning_rate * (1 - weight_decay) * g for w, g in zip(weights, gradients)]


@wrong("weight_decay_update", "kernels-only")
def _(weights, gradients, learning_rate, weight_decay):
    new = [w - learning_rate * g for w, g in zip(weights, gradients)]
    for i in range(0, len(new), 2):
        new[i] = new[i] - learning_rate * weight_decay * weights[i]
    return new


@wrong("weight_decay_update", "opposite-sign")
def _(weights, gradients, learning_rate, weight_decay):
    keep = 1 - learning_rate * weight_decay
    return [keep * w + learning_rate * g for w, g in zip(weights, gradients)]


@wrong("weight_decay_update", "returns-nothing")
def _(weights, gradients, learning_rate, weight_decay):
    for w, g in zip(weights, gradients):
        w = (1 - learning_rate * weight_decay) * w - learning_rate * g


@wrong("weight_decay_update", "changes-its-input")
def _(weights, gradients, learning_rate, weight_decay):
    for w, g in zip(weights, gradients):
        w -= learning_rate * weight_decay * w
        w -= learning_rate * g
    return weights


# ---- accumulate_gradients ----------------------------------------------------------------------


@right("accumulate_gradients")
def _(weights, batches_of_gradients, learning_rate):
    total = [np.zeros_like(w) for w in weights]
    for gradients in batches_of_gradients:
        for i, g in enumerate(gradients):
            total[i] = total[i] + g
    k = len(batches_of_gradients)
    return [w - learning_rate * t / k for w, t in zip(weights, total)]


@right("accumulate_gradients")
def _(weights, batches_of_gradients, learning_rate):
    return [
        w - learning_rate * np.mean([gradients[i] for gradients in batches_of_gradients], axis=0)
        for i, w in enumerate(weights)
    ]


@right("accumulate_gradients")
def _(weights, batches_of_gradients, learning_rate):
    # equal parts of the step, one after the other: the same sum
    new = list(weights)
    for gradients in batches_of_gradients:
        part = learning_rate / len(batches_of_gradients)
        new = [w - part * g for w, g in zip(new, gradients)]
    return new


@wrong("accumulate_gradients", "sum-for-mean")
def _(weights, batches_of_gradients, learning_rate):
    for gradients in batches_of_gradients:
        weights = [w - learning_rate * g for w, g in zip(weights, gradients)]
    return weights


@wrong("accumulate_gradients", "sum-for-mean")
def _(weights, batches_of_gradients, learning_rate):
    sums = [np.sum(arrays, axis=0) for arrays in zip(*batches_of_gradients)]
    return [w - learning_rate * g for w, g in zip(weights, sums)]


@wrong("accumulate_gradients", "last-batch-only")
def _(weights, batches_of_gradients, learning_rate):
    for gradients in batches_of_gradients:
        new = [w - learning_rate * g for w, g in zip(weights, gradients)]
    return new


@wrong("accumulate_gradients", "first-batch-only")
def _(weights, batches_of_gradients, learning_rate):
    for gradients in batches_of_gradients:
        return [w - learning_rate * g for w, g in zip(weights, gradients)]


@wrong("accumulate_gradients", "divided-by-the-number-of-arrays")
def _(weights, batches_of_gradients, learning_rate):
    new = []
    for i, w in enumerate(weights):
        total = sum(gradients[i] for gradients in batches_of_gradients)
        new.append(w - learning_rate * total / len(batches_of_gradients[0]))
    return new


@wrong("accumulate_gradients", "opposite-sign")
def _(weights, batches_of_gradients, learning_rate):
    return [
        w + learning_rate * np.mean(arrays, axis=0)
        for w, arrays in zip(weights, zip(*batches_of_gradients))
    ]


@wrong("accumulate_gradients", "one-result-per-batch")
def _(weights, batches_of_gradients, learning_rate):
    return [
        [w - learning_rate * g for w, g in zip(weights, gradients)]
        for gradients in batches_of_gradients
    ]


@wrong("accumulate_gradients", "returns-the-mean-gradients")
def _(weights, batches_of_gradients, learning_rate):
    return [np.mean(arrays, axis=0) for arrays in zip(*batches_of_gradients)]


@wrong("accumulate_gradients", "rate-missing")
def _(weights, batches_of_gradients, learning_rate):
    return [w - np.mean(arrays, axis=0) for w, arrays in zip(weights, zip(*batches_of_gradients))]


@wrong("accumulate_gradients", "changes-its-input")
def _(weights, batches_of_gradients, learning_rate):
    total = batches_of_gradients[0]
    for gradients in batches_of_gradients[1:]:
        for t, g in zip(total, gradients):
            t += g
    return [w - learning_rate * t / len(batches_of_gradients) for w, t in zip(weights, total)]


@wrong("accumulate_gradients", "raises-an-error")
def _(weights, batches_of_gradients, learning_rate):
    return [w - learning_rate * np.mean(batches_of_gradients) for w in weights]
