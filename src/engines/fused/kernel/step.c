/*
 * The functions that the hosts call: one training step of an LSTM with or without weight normalisation, and evaluation.
 *
 * Each thread computes a range of row tiles or column groups; pool.h explains why no result depends on the ranges.
 */
#include "backward.h"
#include "pool.h"
#include "update.h"

enum { ARITHMETIC = 1 }; /* incremented when any result changes; the same number as in src/engines/arithmetic.ts */
enum { PEAK_SUMS = 12 }; /* independent sums, to hide the latency of a multiply-add */

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

struct range {
  int first, end;
};

/* The range of 0 .. count - 1 that a thread computes. */
static struct range thread_range(const struct net *net, int count, int thread) {
  return (struct range){(int)((int64_t)count * thread / net->threads), (int)((int64_t)count * (thread + 1) / net->threads)};
}

EXPORT int wnlstm_arithmetic(void) { return ARITHMETIC; }

EXPORT int wnlstm_vector_width(void) { return VW; }

/* Whether multiply_add rounds once: then (1 + 2^-12)^2 - (1 + 2^-11) is 2^-24, otherwise 0. */
EXPORT int wnlstm_fuses(void) {
  volatile float x = 1.000244140625f, rounded = -1.00048828125f; /* volatile: the compiler must not compute it */
  return multiply_add(splat(x), splat(x), splat(rounded))[0] != 0;
}

/* Size of the header, which comes first in the block of a network. */
EXPORT int wnlstm_header_bytes(void) { return sizeof(struct net); }

/* Writes the header into a zeroed block, which must start at a multiple of 64 bytes. `steps` is T. */
EXPORT void wnlstm_init(struct net *net, int units, int inputs, int classes, int batch, int steps, int weight_norm, int adam,
                        int clip_mode, float clip, float forget_bias, int threads, int spins, int phases) {
  *net = (struct net){
      .units = units, .inputs = inputs, .classes = classes, .batch = batch, .steps = steps,
      .weight_norm = weight_norm, .adam = adam,
      .clip_mode = clip_mode, .clip = clip,
      .forget_bias = forget_bias,
      .threads = threads, .spins = spins,
      .phases = phases,
  };
}

/* Size of the complete block of a network, header included. */
EXPORT double wnlstm_bytes(const struct net *net) { return (double)layout_of(net).bytes; }

/* Byte offset in the block of a buffer of the LSTM's matrix (lstm = 1) or the prediction layer's (lstm = 0). */
EXPORT double wnlstm_offset(const struct net *net, int lstm, int buffer) {
  const struct layout l = layout_of(net);
  return (double)((lstm ? l.lstm : l.pred)[buffer] - (const float *)net) * sizeof(float);
}

/* Row stride of that matrix, in floats. */
EXPORT int wnlstm_stride(const struct net *net, int lstm) {
  const struct layout l = layout_of(net);
  return lstm ? l.lstm_stride : l.classes_padded;
}

/* Byte offset of the sums of metrics, double [6]. */
EXPORT int wnlstm_metrics_offset(void) { return offsetof(struct net, metrics); }

/* Byte offset of the result of an evaluation, double [2]. */
EXPORT int wnlstm_evaluation_offset(void) { return offsetof(struct net, evaluation); }

/* Threads that run: fewer than asked for if the system refused some. */
EXPORT int wnlstm_threads(const struct net *net) { return net->threads; }

/* Computes the effective weights; the host calls it after writing parameters. */
EXPORT void wnlstm_pack_weights(struct net *net) {
  const struct layout l = layout_of(net);
  pack_lstm_weights(net, &l, 0, l.columns);
  pack_prediction_weights(net, &l);
}

/* loss += sum of l->loss [count]; correct += sum of l->correct [count]; from first to last. */
static void add_rows(const struct layout *l, int count, double *loss, double *correct) {
  for (int row = 0; row < count; row++) {
    *loss += l->loss[row];
    *correct += l->correct[row];
  }
}

/* Adds the metrics of one step to net->metrics. */
static void add_metrics(struct net *net, const struct clipping *c) {
  const double sums[6] = {1, net->loss / net->batch, net->correct / net->batch, c->norm, c->norm_clipped, c->fraction};
  for (int k = 0; k < 6; k++) net->metrics[k] += sums[k];
}

/* A thread's part of one training step. */
static void step(struct net *net, int thread) {
  const struct layout l = layout_of(net);
  const struct job *job = &net->job;
  const int chunks = (net->batch + CHUNK - 1) / CHUNK;
  if (thread == 0) net->loss = net->correct = 0;
  for (int chunk = 0; chunk < chunks; chunk++) {
    const int first = (int)((int64_t)net->batch * chunk / chunks);
    const int count = (int)((int64_t)net->batch * (chunk + 1) / chunks) - first;
    const struct examples examples = {job->images, job->labels, job->indices + first, 0, count};

    const struct range rows = thread_range(net, tiles_of(net, count), thread);
    forward(net, &l, &examples, rows.first, rows.end);
    if (net->phases == 1) {
      barrier(net);
      continue;
    }
    backward(net, &l, &examples, rows.first, rows.end);
    barrier(net);
    if (net->phases == 2) continue;

    const struct range weights = thread_range(net, tiles_of(net, l.rows), thread);
    weight_gradient(net, &l, thread, count, chunk > 0, weights.first, weights.end);
    if (thread == 0) {
      prediction_gradient(net, &l, count, chunk > 0);
      add_rows(&l, count, &net->loss, &net->correct);
    }
    barrier(net);
  }
  if (net->phases < 4) return;

  const struct range groups = thread_range(net, l.groups, thread);
  lstm_gradient_sums(net, &l, groups.first, groups.end);
  if (thread == 0) prediction_gradient_sums(net, &l);
  barrier(net);

  const struct clipping clipping = clip(net, &l);
  update_lstm(net, &l, &clipping, job->step_size, groups.first * (GROUP / VW), groups.end * (GROUP / VW));
  if (thread == 0) {
    update_prediction_layer(net, &l, &clipping, job->step_size);
    add_metrics(net, &clipping);
  }
}

/* A thread's part of an evaluation of job->count examples. */
static void evaluate(struct net *net, int thread) {
  const struct layout l = layout_of(net);
  const struct job *job = &net->job;
  for (int first = 0; first < job->count; first += CHUNK) {
    const struct examples chunk = {job->images, job->labels, 0, first, min(CHUNK, job->count - first)};
    const struct range tiles = thread_range(net, tiles_of(net, chunk.count), thread);
    forward(net, &l, &chunk, tiles.first, tiles.end);
    barrier(net);
    if (thread == 0) add_rows(&l, chunk.count, &net->evaluation[0], &net->evaluation[1]);
    barrier(net);
  }
}

/* Only multiply-adds in registers: the peak throughput of a thread. */
static void peak(struct net *net) {
  vec sum[PEAK_SUMS];
  for (int j = 0; j < PEAK_SUMS; j++) sum[j] = splat((float)j); /* different values, or the compiler would compute one sum */
  for (int round = 0; round < net->job.count; round++) {
    UNROLL
    for (int j = 0; j < PEAK_SUMS; j++) sum[j] = multiply_add(sum[j], splat(0.999f), splat(1e-3f));
  }
  for (int j = 0; j < PEAK_SUMS; j++)
    if (sum[j][0] < 0) net->evaluation[0] = sum[j][0]; /* never true; it keeps the sums alive */
}

/* Runs a thread's part of the current job. */
static void do_job(struct net *net, int thread) {
  switch (net->job.kind) {
    case JOB_STEP: step(net, thread); break;
    case JOB_EVALUATE: evaluate(net, thread); break;
    case JOB_PEAK: peak(net); break;
  }
}

/* One training step on the examples indices [batch] of images [N, T, I], labels [N]. */
EXPORT void wnlstm_step(struct net *net, const uint8_t *images, const uint8_t *labels, const int32_t *indices,
                        float step_size) {
  run_job(net, (struct job){JOB_STEP, images, labels, indices, 0, step_size});
}

/* net->evaluation = sums of the loss and of correct predictions over the first `count` examples. */
EXPORT void wnlstm_evaluate(struct net *net, const uint8_t *images, const uint8_t *labels, int count) {
  net->evaluation[0] = net->evaluation[1] = 0;
  run_job(net, (struct job){JOB_EVALUATE, images, labels, 0, count, 0});
}

/* Runs `rounds` rounds of multiply-adds on every thread; returns the floating-point operations of one round of one thread. */
EXPORT double wnlstm_peak(struct net *net, int rounds) {
  run_job(net, (struct job){.kind = JOB_PEAK, .count = rounds});
  return 2.0 * PEAK_SUMS * VW;
}

/* A native network starts and stops its threads. In wasm, each other thread is an instance that calls wnlstm_worker. */
#if defined(__wasm__)
EXPORT void wnlstm_worker(struct net *net, int thread) { worker_loop(net, thread); }
EXPORT void wnlstm_stop(struct net *net) { run_job(net, (struct job){.kind = JOB_STOP}); }
#else
EXPORT void wnlstm_start(struct net *net) { start_threads(net); }
EXPORT void wnlstm_stop(struct net *net) { stop_threads(net); }
#endif

/* sigmoids [count] = sigmoid(x [count]), tanhs [count] = tanh(x); count is a multiple of VW. For the tests of math.h. */
EXPORT void wnlstm_nonlinearities(const float *x, float *sigmoids, float *tanhs, int count) {
  for (int i = 0; i < count; i += VW) {
    store(sigmoids + i, vector_sigmoid(load(x + i)));
    store(tanhs + i, vector_tanh(load(x + i)));
  }
}
