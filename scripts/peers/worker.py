"""Shared by the Python workers: reading the case, and the protocol with bench.mjs.

A worker is started as `python x_worker.py CASE.json CONTENDER THREADS`. Its first line on stdout reports
that it is ready. It answers every line {"steps": n} on stdin with the milliseconds per step and the mean
loss.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

IDX_HEADERS = {"images": 16, "labels": 8}

Rows = NDArray[np.int32]
Block = Callable[[Rows], tuple[float, float]]
"""Trains on batches of example indices `[steps, batch]`; returns the mean loss and the seconds."""


@dataclass(frozen=True)
class Case:
    """One model on one data set, from the files of bench.mjs."""

    contender: str
    threads: int
    model: str
    units: int
    batch: int
    time_steps: int
    inputs: int
    classes: int
    forget_bias: float
    learning_rate: float
    images: NDArray[np.uint8]
    """Training images `[examples, time_steps, inputs]`, 0 to 255."""
    labels: NDArray[np.int32]
    order: Rows
    """Example indices of the batches, `[batches, batch]`, which repeat."""
    parameters: dict[str, NDArray[np.float32]]
    """Initial values by their names in wnlstm; gates are i, f, o, g along the last axis."""

    @property
    def is_weight_normalised(self) -> bool:
        """Whether `lstm/w_x` and `lstm/w_h` are directions, and `lstm/g_x` and `lstm/g_h` column norms."""
        return self.model == "wn"

    def lstm_parameter(self, name: str, gates: str) -> NDArray[np.float32]:
        """A parameter of the LSTM with its gates in another order, for example "ifgo".

        The bias includes the forget bias, which wnlstm adds separately.
        """
        values = dict(zip("ifog", np.split(self.parameters[f"lstm/{name}"], 4, axis=-1), strict=True))
        if name == "b":
            values["f"] = values["f"] + np.float32(self.forget_bias)
        return np.concatenate([values[gate] for gate in gates], axis=-1)


def read_case() -> Case:
    """Reads the case from the command line."""
    path, contender, threads = sys.argv[1:]
    case = json.loads(Path(path).read_text())
    spec = case["spec"]

    def read_idx(kind: str) -> NDArray[np.uint8]:
        values = np.fromfile(case[kind], np.uint8, offset=IDX_HEADERS[kind])
        return values.reshape(-1, spec["timeSteps"], spec["inputs"]) if kind == "images" else values

    weights = np.fromfile(case["weights"], np.float32)
    parameters, offset = {}, 0
    for name, shape in case["shapes"]:
        size = int(np.prod(shape))
        parameters[name] = weights[offset : offset + size].reshape(shape)
        offset += size
    return Case(
        contender=contender,
        threads=int(threads),
        model=spec["model"],
        units=spec["units"],
        batch=spec["batch"],
        time_steps=spec["timeSteps"],
        inputs=spec["inputs"],
        classes=spec["classes"],
        forget_bias=spec["forgetBias"],
        learning_rate=case["learningRate"],
        images=read_idx("images")[case["firstExample"] :],
        labels=read_idx("labels")[case["firstExample"] :].astype(np.int32),
        order=np.fromfile(case["order"], np.int32).reshape(-1, spec["batch"]),
        parameters=parameters,
    )


def timed(train: Callable[[Rows], float]) -> Block:
    """Times a complete block, including reading its loss."""

    def block(rows: Rows) -> tuple[float, float]:
        start = time.perf_counter()
        loss = train(rows)
        return loss, time.perf_counter() - start

    return block


def serve(prepare: Callable[[Case], tuple[str, Block]]) -> None:
    """Answers bench.mjs until stdin is closed.

    Args:
        prepare: builds the model; returns the version to report, and the function that trains on a block.
    """
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # output of libraries goes to stderr

    def answer(**message: object) -> None:
        print(json.dumps(message), file=answers)

    case = read_case()
    try:
        version, block = prepare(case)
    except Exception as error:  # the driver reports it and continues without this worker
        answer(error=f"{type(error).__name__}: {error}")
        return
    answer(ready=True, version=version)
    done = 0
    for line in sys.stdin:
        steps = json.loads(line)["steps"]
        rows = case.order[np.arange(done, done + steps) % len(case.order)]
        done += steps
        try:
            loss, seconds = block(rows)
        except Exception as error:
            answer(error=f"{type(error).__name__}: {error}")
            return
        answer(ms=1000 * seconds / steps, loss=loss)
