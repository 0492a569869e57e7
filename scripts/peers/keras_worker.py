"""Keras on TensorFlow: its LSTM layer, trained in three ways.

keras-fit   `fit` with default settings.
keras-loop  the layer unrolled, and a complete block of steps in one tf.function.
keras-jit   the layer with default settings, the step compiled by XLA, and a complete block in one tf.function.
"""

import os
import time

os.environ["KERAS_BACKEND"] = "tensorflow"

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402
from keras import ops  # noqa: E402

from worker import Block, Case, Rows, serve, timed  # noqa: E402

GATES = "ifgo"  # Keras calls g "c"


def normalise(v: tf.Tensor, gain: tf.Tensor) -> tf.Tensor:
    """Scales each column of v to the norm in gain."""
    return v * (gain * ops.rsqrt(ops.maximum(ops.sum(ops.square(v), axis=0), 1e-12)))


class WeightNormLSTM(keras.layers.LSTM):
    """Keras's LSTM with both kernels normalised once per call."""

    def build(self, sequences_shape: tuple[int | None, ...]) -> None:
        """Adds the gains to the variables of the layer."""
        super().build(sequences_shape)
        self.gain_x = self.add_weight(shape=(4 * self.units,), name="gain_x")
        self.gain_h = self.add_weight(shape=(4 * self.units,), name="gain_h")

    def call(
        self,
        sequences: tf.Tensor,
        initial_state: list[tf.Tensor] | None = None,
        mask: tf.Tensor | None = None,
        training: bool = False,
    ) -> tf.Tensor:
        """Runs the layer on the normalised kernels."""
        cell = self.cell
        directions = cell.kernel, cell.recurrent_kernel
        cell.kernel = normalise(cell.kernel, self.gain_x)
        cell.recurrent_kernel = normalise(cell.recurrent_kernel, self.gain_h)
        try:
            return super().call(sequences, initial_state, mask, training)
        finally:
            cell.kernel, cell.recurrent_kernel = directions


class StepClock(keras.callbacks.Callback):
    """Records when each step of `fit` ended."""

    def __init__(self) -> None:
        super().__init__()
        self.times: list[float] = []

    def on_train_batch_end(self, batch: int, logs: dict[str, float] | None = None) -> None:
        """Called by Keras after each step."""
        self.times.append(time.perf_counter())


def build(case: Case, unroll: bool) -> keras.Model:
    """Builds the model, with pixels from 0 to 255 as input, and sets the initial values."""
    layer = WeightNormLSTM if case.is_weight_normalised else keras.layers.LSTM
    lstm = layer(case.units, unroll=unroll, unit_forget_bias=False)
    out = keras.layers.Dense(case.classes)
    pixels = keras.Input((case.time_steps, case.inputs), batch_size=case.batch, dtype="uint8")
    model = keras.Model(pixels, out(lstm(keras.layers.Rescaling(1 / 255)(pixels))))
    lstm.cell.kernel.assign(case.lstm_parameter("w_x", GATES))
    lstm.cell.recurrent_kernel.assign(case.lstm_parameter("w_h", GATES))
    lstm.cell.bias.assign(case.lstm_parameter("b", GATES))
    if case.is_weight_normalised:
        lstm.gain_x.assign(case.lstm_parameter("g_x", GATES))
        lstm.gain_h.assign(case.lstm_parameter("g_h", GATES))
    out.set_weights([case.parameters["pred/w"], case.parameters["pred/b"]])
    return model


def fit_block(case: Case, model: keras.Model, optimizer: keras.Optimizer, loss: keras.losses.Loss) -> Block:
    """A block is a call of `fit`, timed from the end of its first step, because `fit` starts slowly."""
    model.compile(optimizer, loss)

    def block(rows: Rows) -> tuple[float, float]:
        clock = StepClock()
        indices = rows.ravel()
        start = time.perf_counter()
        history = model.fit(
            case.images[indices],
            case.labels[indices],
            batch_size=case.batch,
            shuffle=False,
            verbose=0,
            callbacks=[clock],
        )
        steps = len(rows)
        first, last = clock.times[0], clock.times[-1]
        seconds = (last - first) * steps / (steps - 1) if steps > 1 else last - start
        return history.history["loss"][0], seconds

    return block


def loop_block(
    case: Case, model: keras.Model, optimizer: keras.Optimizer, loss: keras.losses.Loss, jit: bool
) -> Block:
    """A block is one call of a tf.function that loops over its steps."""
    images, labels = tf.constant(case.images), tf.constant(case.labels)
    variables = model.trainable_variables
    optimizer.build(variables)

    @tf.function(jit_compile=jit)
    def step(indices: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            value = loss(tf.gather(labels, indices), model(tf.gather(images, indices), training=True))
        optimizer.apply(tape.gradient(value, variables), variables)
        return value

    @tf.function(input_signature=[tf.TensorSpec((None, case.batch), tf.int32)])
    def train_block(rows: tf.Tensor) -> tf.Tensor:
        total = tf.constant(0.0)
        for index in tf.range(tf.shape(rows)[0]):
            total += step(rows[index])
        return total

    return timed(lambda rows: float(train_block(tf.constant(rows))) / len(rows))


def prepare(case: Case) -> tuple[str, Block]:
    """Builds the model and its training step."""
    tf.config.threading.set_intra_op_parallelism_threads(case.threads)
    tf.config.threading.set_inter_op_parallelism_threads(case.threads)
    model = build(case, unroll=case.contender == "keras-loop")
    optimizer = keras.optimizers.Adam(case.learning_rate, epsilon=1e-8)
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    if case.contender == "keras-fit":
        block = fit_block(case, model, optimizer, loss)
    else:
        block = loop_block(case, model, optimizer, loss, jit=case.contender == "keras-jit")
    return f"{keras.__version__} on TensorFlow {tf.__version__}", block


if __name__ == "__main__":
    serve(prepare)
