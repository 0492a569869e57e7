/* Clipping, the optimiser, weight normalisation of the new weights, and the metrics. */
#pragma once
#include "network.h"

DEVICE void optimizer_step(const network &d, const global<float> *buffers, int at, float scale, float step_size) {
  float g = buffers[GRADIENT][at] * scale;
  if (d.clip_mode == CLIP_VALUE) g = clamp(splat(g), d.clip)[0];
  const vec p = splat(buffers[VALUE][at]);
  if (d.adam) {
    vec m = splat(buffers[FIRST_MOMENT][at]), v = splat(buffers[SECOND_MOMENT][at]);
    buffers[VALUE][at] = adam(p, splat(g), &m, &v, step_size)[0];
    buffers[FIRST_MOMENT][at] = m[0];
    buffers[SECOND_MOMENT][at] = v[0];
  } else {
    buffers[VALUE][at] = sgd(p, splat(g), step_size)[0];
  }
}

/* The effective weights of the 16 columns of a group. */
DEVICE void pack_group(const network &d, int group) {
  const int H = d.units, I = d.inputs, N = 4 * H, rows = rows_of(d), stride = lstm_stride(d);
  const global<float> v = d.lstm[VALUE];
  SHARED(float, scale, 2 * GROUP);
  if (d.weight_norm) {
    EACH(s, 2 * GROUP) {
      const int n = group * GROUP + s % GROUP, hidden = s / GROUP;
      if (n < N) {
        const int first = hidden ? I + 1 : 0, end = hidden ? rows : I;
        float square = 0;
#pragma unroll 16
        for (int r = first; r < end; r++) {
          const float v_r = v[r * stride + n];
          square = fma1(v_r, v_r, square);
        }
        const float inverse = inverse_norm_of(splat(square))[0];
        d.inverse_norm[hidden * N + n] = inverse;
        scale[s] = v[(rows + hidden) * stride + n] * inverse;
      }
    }
    BARRIER;
  }
  const auto weight = [&](int r, int column) {
    const float value = v[r * stride + group * GROUP + column];
    return d.weight_norm && r != I ? value * scale[(r > I) * GROUP + column] : value;
  };
#pragma unroll 4
  EACH(j, rows * GROUP) {
    const int r = j / GROUP, column = j % GROUP, n = group * GROUP + column;
    if (n < N) d.w[r * w_stride(d) + n] = weight(r, column);
  }
#pragma unroll 4
  EACH(j, rows * GROUP) { /* the second time in the order of w_t: w_h, w_x, b */
    const int column = j / rows, k = j % rows, n = group * GROUP + column;
    const int r = k < H ? I + 1 + k : k - H, at = k < H ? k : round_up(H, 4) + (r < I ? r : round_up(I, 4));
    if (n < N) d.w_t[(ptrdiff_t)n * w_t_stride(d) + at] = weight(r, column);
  }
}

/*
 * Every block computes the clipping. Then each updates a group of columns and its effective weights; the last one updates
 * the prediction layer and adds the metrics of the step.
 */
DEVICE void update_group(const network &d, float step_size) {
  const int H = d.units, I = d.inputs, N = 4 * H, C = d.classes, groups = lstm_stride(d) / GROUP, group = BLOCK_INDEX;
  const int rows = rows_of(d), parameter_rows = rows + (d.weight_norm ? 2 : 0), padded = classes_padded(d);
  SHARED(double, sums, PARTIAL);
  SHARED(double, scales, VARIABLES);
  SHARED(double, norm, 1);
  EACH(k, PARTIAL) {
    double sum = 0;
#pragma unroll 8
    for (int g = 0; g <= groups; g++) sum += d.partial[g * PARTIAL + k];
    sums[k] = sum;
  }
  BARRIER;
  EACH(s, 1) {
    double square = 0;
    for (int k = 0; k < VARIABLES; k++) square += sums[k];
    norm[0] = __builtin_sqrt(square);
  }
  BARRIER;
  EACH(k, VARIABLES) {
    const double variable_norm = d.clip_mode == CLIP_NORM ? __builtin_sqrt((double)sums[k]) : (double)norm[0];
    const bool limited = d.clip_mode == CLIP_NORM || d.clip_mode == CLIP_GLOBAL_NORM;
    scales[k] = limited && variable_norm > d.clip ? d.clip / variable_norm : 1;
  }
  BARRIER;
  if (group < groups) {
#pragma unroll 4
    EACH(j, parameter_rows * GROUP) {
      const int r = j / GROUP, n = group * GROUP + j % GROUP;
      const int variable = r < I ? W_X : r == I ? B : r < rows ? W_H : r == rows ? G_X : G_H;
      if (n < N) optimizer_step(d, d.lstm, r * lstm_stride(d) + n, (float)scales[variable], step_size);
    }
    BARRIER;
    pack_group(d, group);
    return;
  }
  EACH(j, (H + 1) * C) {
    const int k = j % C, u = j / C;
    optimizer_step(d, d.pred, u * padded + k, (float)scales[u == 0 ? PRED_B : PRED_W], step_size);
  }
  EACH(k, 6) {
    double value = 1;
    if (k == 1 || k == 2) {
      value = 0;
#pragma unroll 16
      for (int b = 0; b < d.batch; b++) value += k == 1 ? d.loss[b] : d.correct[b];
      value = value / d.batch;
    }
    if (k == 3) value = norm[0];
    if (k >= 4) {
      double clipped = 0;
      int clipped_count = 0;
      for (int j = 0; j < VARIABLES; j++) {
        const double scale = scales[j];
        clipped_count += scale < 1;
        clipped += sums[j] * scale * scale;
      }
      const int variables = d.weight_norm ? VARIABLES : VARIABLES - 2;
      const double elements = (double)(parameter_rows * 4 * H) + (H + 1) * C;
      if (k == 4) value = __builtin_sqrt(d.clip_mode == CLIP_VALUE ? (double)sums[CLIPPED_SQUARE] : clipped);
      else if (d.clip_mode == CLIP_VALUE) value = sums[CLIPPED_COUNT] / elements;
      else value = d.clip_mode == CLIP_GLOBAL_NORM ? (double)(clipped_count > 0) : (double)clipped_count / variables;
    }
    d.metrics[k] = d.metrics[k] + value;
  }
}
