/* From pixels to loss, for some rows of a batch; rows are independent of each other. */
#pragma once
#include "gemm.h"
#include "math.h"
#include "net.h"

/* The examples of a pass: row r is example indices[r], or first + r without indices. */
struct examples {
  const uint8_t *images, *labels; /* [N, T, I], [N] */
  const int32_t *indices;
  int first, count;
};

INLINE ptrdiff_t example_at(const struct examples *e, int row) { return e->indices ? e->indices[row] : e->first + row; }

/* inputs[t][row] = pixels / 255, 1 */
static void gather(const struct net *net, const struct layout *l, const struct examples *e, int first, int end) {
  const int I = net->inputs, T = net->steps;
  for (int row = first; row < end; row++) {
    const uint8_t *image = e->images + example_at(e, row) * T * I;
    for (int t = 0; t <= T; t++) {
      float *x = l->inputs + ((ptrdiff_t)t * e->count + row) * l->input;
      if (t < T)
        for (int i = 0; i < I; i++) x[i] = (float)image[t * I + i] / 255.0f;
      x[I] = 1.0f;
    }
  }
}

/*
 * Gates, cell and hidden state of one row at one time step. In two loops, since each tanh of a cell waits for its gates,
 * and the processor looks too few vectors ahead to have other work meanwhile.
 * z [4H] is read a vector at a time also where a gate ends within one; the surplus lanes land in the filling.
 */
static void cell_forward(const struct net *net, const struct layout *l, const float *z, const float *c_before,
                         float *gate, float *h) {
  const int H = net->units, U = l->units;
  for (int u = 0; u < H; u += VW) {
    vec i = sigmoid(load(z + u));
    vec f = sigmoid(load(z + H + u) + net->forget_bias);
    vec o = sigmoid(load(z + 2 * H + u));
    vec g = hyperbolic_tangent(load(z + 3 * H + u));
    store(gate + u, i);
    store(gate + U + u, f);
    store(gate + 2 * U + u, o);
    store(gate + 3 * U + u, g);
    store(gate + 5 * U + u, multiply_add(f, load(c_before + u), i * g));
  }
  for (int u = 0; u < H; u += VW) {
    const vec tanh_c = hyperbolic_tangent(load(gate + 5 * U + u));
    store(gate + 4 * U + u, tanh_c);
    store(h + u, load(gate + 2 * U + u) * tanh_c);
  }
}

/* Softmax cross entropy of one row; its logits become their gradients, divided by the batch. */
static void row_loss(const struct net *net, const struct layout *l, float *logits, int label, float *loss,
                     float *correct) {
  const int C = net->classes;
  int predicted = 0;
  for (int k = 1; k < C; k++)
    if (logits[k] > logits[predicted]) predicted = k;
  const float largest = logits[predicted], picked = logits[label];
  for (int k = 0; k < l->classes; k += VW) store(logits + k, exp_minus_1(load(logits + k) - largest) + 1.0f);
  double sum = 0;
  for (int k = 0; k < C; k++) sum += logits[k];
  *loss = (float)(logarithm(sum) + largest - picked);
  *correct = predicted == label;
  const float scale = (float)(1 / (sum * net->batch));
  for (int k = 0; k < l->classes; k++) logits[k] = k < C ? logits[k] * scale : 0; /* the filling has no gradient */
  logits[label] -= 1.0f / net->batch;
}

/* Tiles first_tile .. end_tile of the examples. */
static void forward(const struct net *net, const struct layout *l, const struct examples *e, int first_tile,
                    int end_tile) {
  const int I = net->inputs, T = net->steps, U = l->units;
  const int tiles = tiles_of(net, e->count);
  const int first = tile_start(e->count, tiles, first_tile), end = tile_start(e->count, tiles, end_tile);
  const ptrdiff_t count = e->count;
  gather(net, l, e, first, end);
  float *z = l->dz + (T - 1) * count * l->dz_row;
  for (int t = 0; t < T; t++) {
    float *inputs = l->inputs + t * count * l->input;
    int16_t *seen = l->seen + t * count * (I + 3);
    const struct product z_t = {
        .rows = e->count, .tiles = tiles,
        .k = t == 0 ? I + 1 : l->rows, /* h_{-1} = 0 */
        .vectors = l->columns,
        .a = inputs, .a_row = l->input, .a_k = 1,
        .b = l->w, .b_k = l->w_panel * VW, .b_panel = (ptrdiff_t)l->rows * l->w_panel * VW, .panel = l->w_panel,
        .c = z, .c_row = l->dz_row,
        .active = seen, .active_row = I + 3,
    };
    for (int tile = first_tile; tile < end_tile; tile++) {
      const int start = tile_start(e->count, tiles, tile), height = tile_start(e->count, tiles, tile + 1) - start;
      if (height > 0) list_active(seen + start * (I + 3), inputs + start * l->input, l->input, 1, height, I, I);
    }
    multiply(&z_t, first_tile, end_tile, end);
    for (int row = first; row < end; row++) {
      float *gate = l->gate + (t * count + row) * 6 * U;
      const float *c_before = t == 0 ? l->zero : gate - count * 6 * U + 5 * U;
      cell_forward(net, l, z + (ptrdiff_t)row * l->dz_row, c_before, gate, inputs + (count + row) * l->input + I + 1);
    }
  }
  const struct product logits = {
      .rows = e->count, .tiles = tiles,
      .k = net->units + 1,
      .vectors = l->classes / VW,
      .a = l->inputs + T * count * l->input + I, .a_row = l->input, .a_k = 1,
      .b = l->pred[VALUE], .b_k = l->classes, .b_panel = NR * VW, .panel = NR,
      .c = l->logits, .c_row = l->classes,
  };
  multiply(&logits, first_tile, end_tile, end);
  for (int row = first; row < end; row++)
    row_loss(net, l, l->logits + row * l->classes, e->labels[example_at(e, row)], l->loss + row,
             l->correct + row);
}
