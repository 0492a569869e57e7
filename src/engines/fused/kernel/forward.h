/* The forward pass, from pixels to loss. Each row of a batch is computed independently. */
#pragma once
#include "formulas.h"
#include "gemm.h"
#include "math.h"
#include "net.h"

/* The examples of a pass: row r is example indices[r], or first + r if indices is null. */
struct examples {
  const uint8_t *images, *labels; /* [N, T, I], [N] */
  const int32_t *indices;
  int first, count;
};

/* The example of a row. */
INLINE ptrdiff_t example_index(const struct examples *e, int row) { return e->indices ? e->indices[row] : e->first + row; }

/* inputs [T + 1, rows first .. end - 1] = [x_t [I] = pixels / 255, 1]; x_T does not exist, and its row has only the 1 */
static void gather_inputs(const struct net *net, const struct layout *l, const struct examples *e, int first, int end) {
  const int I = net->inputs, T = net->steps;
  for (int row = first; row < end; row++) {
    const uint8_t *image = e->images + example_index(e, row) * T * I;
    for (int t = 0; t <= T; t++) {
      float *x = l->inputs + ((ptrdiff_t)t * e->count + row) * l->input_stride;
      if (t < T)
        for (int i = 0; i < I; i++) x[i] = (float)image[t * I + i] / 255.0f;
      x[I] = 1.0f;
    }
  }
}

/*
 * One row, one time step: gate [6, units_padded] = (i, f, o, g, tanh c, c) and h [H], from z [4H] and c_prev [H]:
 *   i, f, o = sigmoid(z_i, z_f + forget_bias, z_o),  g = tanh(z_g),  c = f c_prev + i g,  h = o tanh c
 * Two loops, because each tanh c depends on its gates and the CPU's instruction window is too short to overlap them.
 * The last vector of a gate also reads lanes of the next gate; these go to padding.
 */
static void lstm_cell_forward(const struct net *net, const struct layout *l, const float *z, const float *c_prev,
                              float *gate, float *h) {
  const int H = net->units, U = l->units_padded;
  for (int u = 0; u < H; u += VW) {
    vec i = vector_sigmoid(load(z + u));
    vec f = vector_sigmoid(load(z + H + u) + net->forget_bias);
    vec o = vector_sigmoid(load(z + 2 * H + u));
    vec g = vector_tanh(load(z + 3 * H + u));
    store(gate + u, i);
    store(gate + U + u, f);
    store(gate + 2 * U + u, o);
    store(gate + 3 * U + u, g);
    store(gate + 5 * U + u, cell_state(i, f, g, load(c_prev + u)));
  }
  for (int u = 0; u < H; u += VW) {
    const vec tanh_c = vector_tanh(load(gate + 5 * U + u));
    store(gate + 4 * U + u, tanh_c);
    store(h + u, load(gate + 2 * U + u) * tanh_c);
  }
}

/* One row: loss = -log softmax(logits [C])[label]; then logits = (softmax(logits) - onehot(label)) / batch, the gradient. */
static void softmax_cross_entropy(const struct net *net, const struct layout *l, float *logits, int label, float *loss,
                                  float *correct) {
  const int C = net->classes;
  int predicted = 0;
  for (int k = 1; k < C; k++)
    if (logits[k] > logits[predicted]) predicted = k;
  const float largest = logits[predicted], label_logit = logits[label];
  for (int k = 0; k < l->classes_padded; k += VW) store(logits + k, vector_expm1(load(logits + k) - largest) + 1.0f);
  double sum = 0;
  for (int k = 0; k < C; k++) sum += logits[k];
  *loss = (float)(log_f64(sum) + largest - label_logit);
  *correct = predicted == label;
  const float scale = (float)(1 / (sum * net->batch));
  for (int k = 0; k < l->classes_padded; k++) logits[k] = k < C ? logits[k] * scale : 0; /* padding has no gradient */
  logits[label] -= 1.0f / net->batch;
}

/* loss [rows], correct [rows] and dlogits [rows, C], for the examples of tiles first_tile .. end_tile - 1. */
static void forward(const struct net *net, const struct layout *l, const struct examples *e, int first_tile,
                    int end_tile) {
  const int I = net->inputs, T = net->steps, U = l->units_padded;
  const int tiles = tiles_of(net, e->count);
  const int first = tile_start(e->count, tiles, first_tile), end = tile_start(e->count, tiles, end_tile);
  const ptrdiff_t count = e->count;
  gather_inputs(net, l, e, first, end);
  float *z = l->dz + (T - 1) * count * l->dz_stride;
  for (int t = 0; t < T; t++) {
    float *inputs = l->inputs + t * count * l->input_stride;
    int16_t *lists = l->nonzero_pixels + t * count * (I + 3);
    const struct product z_t = {
        .rows = e->count, .tiles = tiles,
        .k = t == 0 ? I + 1 : l->rows, /* h_{-1} = 0 */
        .vectors = l->columns,
        .a = inputs, .a_row = l->input_stride, .a_k = 1,
        .b = l->w, .b_k = l->w_panel * VW, .b_panel = (ptrdiff_t)l->rows * l->w_panel * VW, .panel = l->w_panel,
        .c = z, .c_row = l->dz_stride,
        .nonzero = lists, .nonzero_stride = I + 3,
    };
    for (int tile = first_tile; tile < end_tile; tile++) {
      const int start = tile_start(e->count, tiles, tile), height = tile_start(e->count, tiles, tile + 1) - start;
      const float *tile_inputs = inputs + start * l->input_stride;
      if (height > 0) list_nonzero(lists + start * (I + 3), tile_inputs, l->input_stride, 1, height, I, I);
    }
    multiply(&z_t, first_tile, end_tile, end);
    for (int row = first; row < end; row++) {
      float *gate = l->gate + (t * count + row) * 6 * U;
      const float *c_prev = t == 0 ? l->zero : gate - count * 6 * U + 5 * U;
      float *h = inputs + (count + row) * l->input_stride + I + 1;
      lstm_cell_forward(net, l, z + (ptrdiff_t)row * l->dz_stride, c_prev, gate, h);
    }
  }
  const struct product logits = {
      .rows = e->count, .tiles = tiles,
      .k = net->units + 1,
      .vectors = l->classes_padded / VW,
      .a = l->inputs + T * count * l->input_stride + I, .a_row = l->input_stride, .a_k = 1,
      .b = l->pred[VALUE], .b_k = l->classes_padded, .b_panel = NR * VW, .panel = NR,
      .c = l->logits, .c_row = l->classes_padded,
  };
  multiply(&logits, first_tile, end_tile, end);
  for (int row = first; row < end; row++)
    softmax_cross_entropy(net, l, l->logits + row * l->classes_padded, e->labels[example_index(e, row)], l->loss + row,
                          l->correct + row);
}
