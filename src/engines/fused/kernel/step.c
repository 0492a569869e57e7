/*
 * One training step of an LSTM with or without weight normalisation, and evaluation: what the hosts call.
 *
 * A step is four phases with a join between them; within a phase, work is shared out by whole tiles of rows or vectors
 * of columns, so that no bit of a result depends on the number of threads.
 */
#include "backward.h"
#include "update.h"

#define EXPORT __attribute__((visibility("default")))

/* The part of `count` items that thread `part` of `parts` does. */
struct range {
  int first, end;
};
static struct range share(int count, int unit, int part, int parts) {
  const int64_t units = (count + unit - 1) / unit;
  return (struct range){(int)(units * part / parts) * unit, smaller((int)(units * (part + 1) / parts) * unit, count)};
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

EXPORT int wnlstm_vector_width(void) { return VW; }

/* To be called after the host has written parameters. */
EXPORT void wnlstm_refresh(struct net *net) {
  const struct layout l = layout_of(net);
  pack(net, &l, 0, l.columns);
  pack_prediction(net, &l);
}

static void add_metrics(struct net *net, const struct layout *l, const struct clipping *c) {
  double loss = 0, correct = 0;
  for (int row = 0; row < net->batch; row++) {
    loss += l->loss[row];
    correct += l->correct[row];
  }
  const double sums[6] = {1, loss / net->batch, correct / net->batch, c->norm, c->norm_clipped, c->share};
  for (int k = 0; k < 6; k++) net->metrics[k] += sums[k];
}

/* images [N, T, I] and labels [N] of the training split; indices [batch]; rate: Adam's step size, or sgd's lr. */
EXPORT void wnlstm_step(struct net *net, const uint8_t *images, const uint8_t *labels, const int32_t *indices, float rate) {
  const struct layout l = layout_of(net);
  const struct examples examples = {images, labels, indices, 0, net->batch};
  const int part = 0, parts = 1;

  const struct range rows = share(net->batch, MR, part, parts);
  forward(net, &l, &examples, rows.first, rows.end);
  backward(net, &l, &examples, rows.first, rows.end);

  const struct range weights = share(l.rows, MR, part, parts);
  weight_gradient(net, &l, net->batch, weights.first, weights.end);
  if (part == 0) prediction_gradient(net, &l, net->batch);

  const struct range columns = share(l.columns, 1, part, parts);
  finish_gradient(net, &l, columns.first, columns.end);
  if (part == 0) measure_prediction(net, &l);

  const struct clipping clipping = clip(net, &l);
  update(net, &l, &clipping, rate, columns.first, columns.end);
  if (part == 0) {
    update_prediction(net, &l, &clipping, rate);
    add_metrics(net, &l, &clipping);
  }
}

/* Loss and correct predictions over the first `count` of these examples, into net->evaluation. */
EXPORT void wnlstm_evaluate(struct net *net, const uint8_t *images, const uint8_t *labels, int count) {
  const struct layout l = layout_of(net);
  net->evaluation[0] = net->evaluation[1] = 0;
  for (int first = 0; first < count; first += larger(net->batch, EVALUATION_ROWS)) {
    const struct examples chunk = {images, labels, 0, first, smaller(larger(net->batch, EVALUATION_ROWS), count - first)};
    forward(net, &l, &chunk, 0, chunk.count);
    for (int row = 0; row < chunk.count; row++) {
      net->evaluation[0] += l.loss[row];
      net->evaluation[1] += l.correct[row];
    }
  }
}

/* For the tests of math.h: out[i] = sigmoid(x[i]) and tanh(x[i]) of `count` numbers, a multiple of the vector width. */
EXPORT void wnlstm_nonlinearities(const float *x, float *sigmoids, float *tangents, int count) {
  for (int i = 0; i < count; i += VW) {
    store(sigmoids + i, sigmoid(load(x + i)));
    store(tangents + i, hyperbolic_tangent(load(x + i)));
  }
}
