/* The backward pass: gradients of the gates row by row, and of the weights as products over all rows and time steps. */
#pragma once
#include "forward.h"

/*
 * One row, one time step: dz [4H] and the new dc [H], from dh [H], dc [H], the gates and c_prev [H]; see cell_backward.
 * Runs from the last units to the first: a vector that reaches past the end of a gate is overwritten later.
 */
static void lstm_cell_backward(const struct net *net, const struct layout *l, const float *gate, const float *c_prev,
                               const float *dh, float *dc, float *dz) {
  const int H = net->units, U = l->units_padded;
  for (int u = U - VW; u >= 0; u -= VW) {
    const struct cell_gradient d =
        cell_backward(load(gate + u), load(gate + U + u), load(gate + 2 * U + u), load(gate + 3 * U + u),
                      load(gate + 4 * U + u), load(c_prev + u), load(dh + u), load(dc + u));
    store(dc + u, d.c_prev);
    store(dz + u, d.i);
    store(dz + H + u, d.f);
    store(dz + 2 * H + u, d.o);
    store(dz + 3 * H + u, d.g);
  }
}

/* dz [T, rows, 4H] from dlogits [rows, C], for the examples of tiles first_tile .. end_tile - 1. */
static void backward(const struct net *net, const struct layout *l, const struct examples *e, int first_tile,
                     int end_tile) {
  const int T = net->steps, U = l->units_padded;
  const int tiles = tiles_of(net, e->count);
  const int first = tile_start(e->count, tiles, first_tile), end = tile_start(e->count, tiles, end_tile);
  const ptrdiff_t count = e->count;
  const struct product dh_last = {
      .rows = e->count, .tiles = tiles,
      .k = net->classes,
      .vectors = U / VW,
      .a = l->logits, .a_row = l->classes_padded, .a_k = 1,
      .b = l->pred_w_t, .b_k = U, .b_panel = NR * VW, .panel = NR,
      .c = l->dh, .c_row = U,
  };
  multiply(&dh_last, first_tile, end_tile, end);
  __builtin_memset(l->dc + first * U, 0, (size_t)(end - first) * U * sizeof(float));
  for (int t = T - 1; t >= 0; t--) {
    float *dz = l->dz + t * count * l->dz_stride;
    for (int row = first; row < end; row++) {
      const float *gate = l->gate + (t * count + row) * 6 * U;
      const float *c_prev = t == 0 ? l->zero : gate - count * 6 * U + 5 * U;
      lstm_cell_backward(net, l, gate, c_prev, l->dh + row * U, l->dc + row * U, dz + (ptrdiff_t)row * l->dz_stride);
    }
    if (t == 0) break;
    const struct product dh = {
        .rows = e->count, .tiles = tiles,
        .k = 4 * net->units,
        .vectors = U / VW,
        .a = dz, .a_row = l->dz_stride, .a_k = 1,
        .b = l->w_h_t, .b_k = l->wh_panel * VW, .b_panel = (ptrdiff_t)4 * net->units * l->wh_panel * VW, .panel = l->wh_panel,
        .c = l->dh, .c_row = U,
    };
    multiply(&dh, first_tile, end_tile, end);
  }
}

/* packed [rows, height] = inputs [rows, height] with row stride `stride`: contiguous, so that it uses fewer cache lines. */
static void pack_inputs(float *packed, const float *inputs, ptrdiff_t stride, int height, int rows) {
#define COPY(N) \
  case N: \
    for (int row = 0; row < rows; row++) __builtin_memcpy(packed + row * N, inputs + row * stride, N * sizeof(float)); \
    break;
  switch (height) { COPY(1) COPY(2) COPY(3) COPY(4) COPY(5) COPY(6) }
#undef COPY
}

/* packed [rows, vectors] = dz [rows, vectors] with row stride `stride`: contiguous, to avoid conflicts in the L1 cache. */
static void pack_dz(float *packed, const float *dz, ptrdiff_t stride, int rows, int vectors) {
  for (int row = 0; row < rows; row++, dz += stride, packed += vectors * VW)
    for (int j = 0; j < vectors; j++) store(packed + j * VW, load(dz + j * VW));
}

/*
 * dw [I + 1 + H, 4H] (+)= inputs [T * count, I + 1 + H]ᵀ · dz [T * count, 4H], for tiles first_tile .. end_tile - 1 of the
 * rows of dw. Computed in blocks of BLOCK rows of dz, which are packed first.
 */
static void weight_gradient(const struct net *net, const struct layout *l, int thread, int count, int add, int first_tile,
                            int end_tile) {
  const int tiles = tiles_of(net, l->rows);
  const int first = tile_start(l->rows, tiles, first_tile), end = tile_start(l->rows, tiles, end_tile);
  const int hidden = net->inputs + 1; /* rows from here on are multiplied by h_{-1} = 0 at the first time step */
  const int total = net->steps * count;
  float *gradient = l->lstm[GRADIENT];
  if (!add) __builtin_memset(gradient + first * l->lstm_stride, 0, (size_t)(end - first) * l->lstm_stride * sizeof(float));
  for (int row = 0, rows; row < total; row += rows) {
    rows = min(BLOCK, (row < count ? count : total) - row);
    const float *inputs = l->inputs + (ptrdiff_t)row * l->input_stride;
    for (int tile = first_tile; tile < end_tile; tile++) {
      const int start = tile_start(l->rows, tiles, tile), height = tile_start(l->rows, tiles, tile + 1) - start;
      if (height == 0) continue;
      pack_inputs(l->packed_inputs + (ptrdiff_t)start * BLOCK, inputs + start, l->input_stride, height, rows);
      int16_t *used = l->nonzero_inputs + start * (BLOCK + 3);
      used[0] = used[1] = 0;
      if (start + height <= net->inputs) list_nonzero(used, inputs + start, 1, l->input_stride, height, rows, rows);
    }
    for (int column = 0; column < l->columns; column += l->w_panel) {
      const int vectors = min(l->w_panel, l->columns - column);
      float *dz = l->packed_dz + (ptrdiff_t)thread * BLOCK * l->w_panel * VW;
      pack_dz(dz, l->dz + (ptrdiff_t)row * l->dz_stride + column * VW, l->dz_stride, rows, vectors);
      const struct product block = {
          .rows = l->rows, .tiles = tiles,
          .k = rows,
          .vectors = vectors,
          .a = l->packed_inputs, .a_row = 1, .a_tile = BLOCK,
          .b = dz, .b_k = vectors * VW, .panel = vectors,
          .c = gradient + column * VW, .c_row = l->lstm_stride,
          .add = 1,
          .nonzero = l->nonzero_inputs, .nonzero_stride = BLOCK + 3,
      };
      multiply(&block, first_tile, end_tile, row < count ? hidden : end);
    }
  }
}

/* dpred [1 + H, C] (+)= [1, h_T] [count, 1 + H]ᵀ · dlogits [count, C] */
static void prediction_gradient(const struct net *net, const struct layout *l, int count, int add) {
  const struct product pred = {
      .rows = net->units + 1, .tiles = tiles_of(net, net->units + 1),
      .k = count,
      .vectors = l->classes_padded / VW,
      .a = l->inputs + (ptrdiff_t)net->steps * count * l->input_stride + net->inputs, .a_row = 1, .a_k = l->input_stride,
      .b = l->logits, .b_k = l->classes_padded, .b_panel = NR * VW, .panel = NR,
      .c = l->pred[GRADIENT], .c_row = l->classes_padded,
      .add = add,
  };
  multiply(&pred, 0, pred.tiles, pred.rows);
}
