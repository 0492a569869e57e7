"""JAX: the LSTM written with lax.scan; a complete block of steps is one jitted call."""

import os

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array, lax

from worker import Block, Case, Rows, serve, timed

BETA1, BETA2, EPSILON = 0.9, 0.999, 1e-8

Parameters = dict[str, Array]
State = tuple[Parameters, Parameters, Parameters, Array]
"""Parameters, Adam's two moments of each, and the number of completed steps."""


def limit_threads(threads: int) -> None:
    """Binds the process to that many CPUs, because XLA starts a thread per CPU and has no setting."""
    has_affinity = hasattr(os, "sched_getaffinity")
    cpus = sorted(os.sched_getaffinity(0)) if has_affinity else list(range(os.cpu_count() or 1))
    if threads > len(cpus):
        raise ValueError(f"JAX uses one thread per CPU, and this machine has {len(cpus)} CPUs")
    if threads < len(cpus):
        os.sched_setaffinity(0, cpus[:threads])  # Linux only; on other systems this worker fails


def normalise(v: Array, gain: Array) -> Array:
    """Scales each column of v to the norm in gain."""
    return v * (gain * lax.rsqrt(jnp.maximum(jnp.sum(v * v, axis=0), 1e-12)))


def loss_of(parameters: Parameters, x: Array, labels: Array) -> Array:
    """Mean cross entropy of images `[B, T, I]`."""
    w_x, w_h, b = parameters["w_x"], parameters["w_h"], parameters["b"]
    if "g_x" in parameters:
        w_x, w_h = normalise(w_x, parameters["g_x"]), normalise(w_h, parameters["g_h"])

    # One product x @ w_x over all time steps before the scan is slower.
    def cell(state: tuple[Array, Array], row: Array) -> tuple[tuple[Array, Array], None]:
        c, h = state
        i, f, o, g = jnp.split(row @ w_x + h @ w_h + b, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (c, jax.nn.sigmoid(o) * jnp.tanh(c)), None

    zeros = jnp.zeros((x.shape[0], w_h.shape[0]))
    (_, h), _ = lax.scan(cell, (zeros, zeros), x.swapaxes(0, 1))
    scores = jax.nn.log_softmax(h @ parameters["pred/w"] + parameters["pred/b"])
    return -jnp.mean(jnp.take_along_axis(scores, labels[:, None], axis=1))


def adam(state: State, gradients: Parameters, learning_rate: float) -> State:
    """One update of every parameter."""
    parameters, m, v, step = state
    step = step + 1
    m = jax.tree.map(lambda m, g: BETA1 * m + (1 - BETA1) * g, m, gradients)
    v = jax.tree.map(lambda v, g: BETA2 * v + (1 - BETA2) * g * g, v, gradients)
    rate = learning_rate * jnp.sqrt(1 - BETA2**step) / (1 - BETA1**step)
    parameters = jax.tree.map(lambda p, m, v: p - rate * m / (jnp.sqrt(v) + EPSILON), parameters, m, v)
    return parameters, m, v, step


def prepare(case: Case) -> tuple[str, Block]:
    """Copies data and parameters to JAX, and builds the training loop."""
    limit_threads(case.threads)
    images, labels = jnp.asarray(case.images), jnp.asarray(case.labels)
    lstm = ["w_x", "w_h", "b", *(["g_x", "g_h"] if case.is_weight_normalised else [])]
    parameters = {name: jnp.asarray(case.lstm_parameter(name, "ifog")) for name in lstm}
    parameters |= {name: jnp.asarray(case.parameters[name]) for name in ("pred/w", "pred/b")}

    def train_block(
        state: State, rows: Array, count: Array, images: Array, labels: Array
    ) -> tuple[State, Array]:
        def step(index: Array, carry: tuple[State, Array]) -> tuple[State, Array]:
            state, total = carry
            indices = rows[index]
            x = images[indices].astype(jnp.float32) / 255
            loss, gradients = jax.value_and_grad(loss_of)(state[0], x, labels[indices])
            return adam(state, gradients, case.learning_rate), total + loss

        return lax.fori_loop(0, count, step, (state, jnp.float32(0)))

    jitted = jax.jit(train_block, donate_argnums=0)
    zeros = jax.tree.map(jnp.zeros_like, parameters)
    state = (parameters, zeros, jax.tree.map(jnp.zeros_like, parameters), jnp.float32(0))
    padded = np.zeros_like(case.order)  # one shape for blocks of all lengths, so that XLA compiles once

    def train(rows: Rows) -> float:
        nonlocal state
        padded[: len(rows)] = rows
        state, total = jitted(state, padded, len(rows), images, labels)
        return float(total) / len(rows)

    return jax.__version__, timed(train)


if __name__ == "__main__":
    serve(prepare)
