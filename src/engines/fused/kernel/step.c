/*
 * One training step of an LSTM with or without weight normalisation, and evaluation: what the hosts call.
 *
 * Work is shared out by whole tiles of rows or groups of columns; pool.h says why no result depends on how.
 */
#include "backward.h"
#include "pool.h"
#include "update.h"

enum { ARITHMETIC = 1 }; /* raised with every change of any result; the same in src/engines/arithmetic.ts */
enum { PEAK_SUMS = 12 }; /* independent, to hide the latency of a multiply-add */

#if defined(_WIN32)
#define EXPORT __declspec(dllexport)
#else
#define EXPORT __attribute__((visibility("default")))
#endif

/* The part of `count` things that a thread does. */
struct range {
  int first, end;
};
static struct range share(const struct net *net, int count, int part) {
  return (struct range){(int)((int64_t)count * part / net->threads), (int)((int64_t)count * (part + 1) / net->threads)};
}

/* Bytes that a network with this header needs; the block must start at a multiple of 64. */
EXPORT double wnlstm_bytes(const struct net *net) { return (double)layout_of(net).bytes; }

/* Bytes from the start of the block to a slot of the LSTM's (or else the prediction layer's) matrix. */
EXPORT double wnlstm_offset(const struct net *net, int lstm, int slot) {
  const struct layout l = layout_of(net);
  return (double)((lstm ? l.lstm : l.pred)[slot] - (const float *)net) * sizeof(float);
}

/* Floats from row to row of that matrix. */
EXPORT int wnlstm_stride(const struct net *net, int lstm) {
  const struct layout l = layout_of(net);
  return lstm ? l.gates : l.classes;
}

EXPORT int wnlstm_arithmetic(void) { return ARITHMETIC; }

/* Whether multiply_add is rounded once: (1 + 2^-12)^2 - (1 + 2^-11) is 2^-24 then, and otherwise 0. */
EXPORT int wnlstm_fuses(void) {
  volatile float x = 1.000244140625f, rounded = -1.00048828125f; /* not for the compiler to compute */
  return multiply_add(splat(x), splat(x), splat(rounded))[0] != 0;
}

EXPORT int wnlstm_vector_width(void) { return VW; }

/* To be called after the host has written parameters. */
EXPORT void wnlstm_refresh(struct net *net) {
  const struct layout l = layout_of(net);
  pack(net, &l, 0, l.columns);
  pack_prediction(net, &l);
}

/* Adds up what the rows of a chunk gave, in their order. */
static void add_rows(const struct layout *l, int count, double *loss, double *correct) {
  for (int row = 0; row < count; row++) {
    *loss += l->loss[row];
    *correct += l->correct[row];
  }
}

static void add_metrics(struct net *net, const struct clipping *c) {
  const double sums[6] = {1, net->loss / net->batch, net->correct / net->batch, c->norm, c->norm_clipped, c->share};
  for (int k = 0; k < 6; k++) net->metrics[k] += sums[k];
}

static void step(struct net *net, int part) {
  const struct layout l = layout_of(net);
  const struct job *job = &net->job;
  const int chunks = (net->batch + CHUNK - 1) / CHUNK;
  if (part == 0) net->loss = net->correct = 0;
  for (int chunk = 0; chunk < chunks; chunk++) {
    const int first = (int)((int64_t)net->batch * chunk / chunks);
    const int count = (int)((int64_t)net->batch * (chunk + 1) / chunks) - first;
    const struct examples examples = {job->images, job->labels, job->indices + first, 0, count};

    const struct range rows = share(net, tiles_of(net, count), part);
    forward(net, &l, &examples, rows.first, rows.end);
    if (net->phases == 1) {
      join(net);
      continue;
    }
    backward(net, &l, &examples, rows.first, rows.end);
    join(net);
    if (net->phases == 2) continue;

    const struct range weights = share(net, tiles_of(net, l.rows), part);
    weight_gradient(net, &l, part, count, chunk > 0, weights.first, weights.end);
    if (part == 0) {
      prediction_gradient(net, &l, count, chunk > 0);
      add_rows(&l, count, &net->loss, &net->correct);
    }
    join(net);
  }
  if (net->phases < 4) return;

  const struct range groups = share(net, l.groups, part);
  finish_gradient(net, &l, groups.first, groups.end);
  if (part == 0) measure_prediction(net, &l);
  join(net);

  const struct clipping clipping = clip(net, &l);
  update(net, &l, &clipping, job->rate, groups.first * (GROUP / VW), groups.end * (GROUP / VW));
  if (part == 0) {
    update_prediction(net, &l, &clipping, job->rate);
    add_metrics(net, &clipping);
  }
}

static void evaluate(struct net *net, int part) {
  const struct layout l = layout_of(net);
  const struct job *job = &net->job;
  for (int first = 0; first < job->count; first += CHUNK) {
    const struct examples chunk = {job->images, job->labels, 0, first, smaller(CHUNK, job->count - first)};
    const struct range tiles = share(net, tiles_of(net, chunk.count), part);
    forward(net, &l, &chunk, tiles.first, tiles.end);
    join(net);
    if (part == 0) add_rows(&l, chunk.count, &net->evaluation[0], &net->evaluation[1]);
    join(net);
  }
}

/* Nothing but multiply-adds in registers: the most that a thread can do. */
static void peak(struct net *net) {
  vec sum[PEAK_SUMS];
  for (int j = 0; j < PEAK_SUMS; j++) sum[j] = splat((float)j); /* all different, or they would be computed once */
  for (int round = 0; round < net->job.count; round++) {
    UNROLL
    for (int j = 0; j < PEAK_SUMS; j++) sum[j] = multiply_add(sum[j], splat(0.999f), splat(1e-3f));
  }
  for (int j = 0; j < PEAK_SUMS; j++)
    if (sum[j][0] < 0) net->evaluation[0] = sum[j][0]; /* never, but the compiler does not know */
}

static void work(struct net *net, int part) {
  switch (net->job.kind) {
    case JOB_STEP: step(net, part); break;
    case JOB_EVALUATE: evaluate(net, part); break;
    case JOB_PEAK: peak(net); break;
  }
}

/* images [N, T, I] and labels [N] of the training split; indices [batch]; rate: Adam's step size, or sgd's lr. */
EXPORT void wnlstm_step(struct net *net, const uint8_t *images, const uint8_t *labels, const int32_t *indices, float rate) {
  run(net, (struct job){JOB_STEP, images, labels, indices, 0, rate});
}

/* Loss and correct predictions over the first `count` of these examples, into net->evaluation. */
EXPORT void wnlstm_evaluate(struct net *net, const uint8_t *images, const uint8_t *labels, int count) {
  net->evaluation[0] = net->evaluation[1] = 0;
  run(net, (struct job){JOB_EVALUATE, images, labels, 0, count, 0});
}

/* Every thread does `rounds` rounds of multiply-adds; returns the floating point operations of one round of one. */
EXPORT double wnlstm_peak(struct net *net, int rounds) {
  run(net, (struct job){.kind = JOB_PEAK, .count = rounds});
  return 2.0 * PEAK_SUMS * VW;
}

/* Threads: a native network starts and stops its own; the others of a wasm network are instances that call serve. */
#if defined(__wasm__)
EXPORT void wnlstm_serve(struct net *net, int part) { serve(net, part); }
EXPORT void wnlstm_stop(struct net *net) { run(net, (struct job){.kind = JOB_STOP}); }
#else
EXPORT void wnlstm_start(struct net *net) { start_threads(net); }
EXPORT void wnlstm_stop(struct net *net) { stop_threads(net); }
#endif

/* For the tests of math.h: out[i] = sigmoid(x[i]) and tanh(x[i]) of `count` numbers, a multiple of the vector width. */
EXPORT void wnlstm_nonlinearities(const float *x, float *sigmoids, float *tangents, int count) {
  for (int i = 0; i < count; i += VW) {
    store(sigmoids + i, sigmoid(load(x + i)));
    store(tangents + i, hyperbolic_tangent(load(x + i)));
  }
}
