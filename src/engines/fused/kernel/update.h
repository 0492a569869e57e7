/* The update: backward of weight normalisation, clipping, the optimiser, and weight normalisation of the new weights. */
#pragma once
#include "formulas.h"
#include "gemm.h"
#include "net.h"

/* Backward of weight normalisation for one vector of columns: dw [rows, VW] becomes dv [rows, VW]; returns dg [VW]. */
static vec weight_norm_backward(float *dw, const float *v, int rows, int stride, vec gain, vec inverse) {
  vec dot = splat(0);
  for (int r = 0; r < rows; r++) dot = multiply_add(load(dw + r * stride), load(v + r * stride), dot);
  const vec dgain = dot * inverse;
  const vec share = direction_share(dgain, inverse);
  for (int r = 0; r < rows; r++)
    store(dw + r * stride, direction_gradient(load(dw + r * stride), load(v + r * stride), gain, inverse, share));
  return dgain;
}

/* Returns the sum of gradient [rows, GROUP]²; in clip mode value, also adds the clipped squares and counts to `sums`. */
static double sum_squares(const struct net *net, const float *gradient, int rows, int stride, struct partial *sums) {
  vec square[GROUP / VW] = {0}, clipped[GROUP / VW] = {0}, clipped_count[GROUP / VW] = {0};
  for (int r = 0; r < rows; r++) {
    UNROLL
    for (int k = 0; k < GROUP / VW; k++) {
      const vec g = load(gradient + r * stride + k * VW);
      square[k] = multiply_add(g, g, square[k]);
      if (net->clip_mode == CLIP_VALUE) {
        const vec c = clamp(g, net->clip);
        clipped[k] = multiply_add(c, c, clipped[k]);
        clipped_count[k] += where((ivec)(vector_abs(g) > splat(net->clip)), splat(1), splat(0));
      }
    }
  }
  sums->clipped_square += sum_lanes(clipped);
  sums->clipped_count += sum_lanes(clipped_count);
  return sum_lanes(square);
}

/* Backward of weight normalisation for the VW columns at `column` of w_x and w_h. */
static void lstm_direction_gradient(const struct net *net, const struct layout *l, int column) {
  const int I = net->inputs, stride = l->lstm_stride, h = (I + 1) * stride, gx = l->rows * stride, gh = gx + stride;
  float *dw = l->lstm[GRADIENT] + column;
  const float *v = l->lstm[VALUE] + column;
  store(dw + gx, weight_norm_backward(dw, v, I, stride, load(v + gx), load(l->inverse_norm_x + column)));
  store(dw + gh, weight_norm_backward(dw + h, v + h, net->units, stride, load(v + gh), load(l->inverse_norm_h + column)));
}

/* Gradients of the LSTM's parameters and their sums of squares, for column groups first .. end - 1. */
static void lstm_gradient_sums(const struct net *net, const struct layout *l, int first, int end) {
  const int I = net->inputs, H = net->units, stride = l->lstm_stride;
  for (int group = first; group < end; group++) {
    const float *gradient = l->lstm[GRADIENT] + group * GROUP, *gains = gradient + l->rows * stride;
    struct partial *sums = l->partial + group;
    *sums = (struct partial){0};
    if (net->weight_norm) {
      for (int k = 0; k < GROUP; k += VW) lstm_direction_gradient(net, l, group * GROUP + k);
      sums->square[G_X] = sum_squares(net, gains, 1, stride, sums);
      sums->square[G_H] = sum_squares(net, gains + stride, 1, stride, sums);
    }
    sums->square[W_X] = sum_squares(net, gradient, I, stride, sums);
    sums->square[B] = sum_squares(net, gradient + I * stride, 1, stride, sums);
    sums->square[W_H] = sum_squares(net, gradient + (I + 1) * stride, H, stride, sums);
  }
}

/* Sums of squares of the prediction layer's gradients. */
static void prediction_gradient_sums(const struct net *net, const struct layout *l) {
  struct partial *sums = l->partial + l->groups;
  *sums = (struct partial){0};
  for (int k = 0; k < l->classes_padded; k += GROUP) {
    const float *gradient = l->pred[GRADIENT] + k;
    sums->square[PRED_B] += sum_squares(net, gradient, 1, l->classes_padded, sums);
    sums->square[PRED_W] += sum_squares(net, gradient + l->classes_padded, net->units, l->classes_padded, sums);
  }
}

/* The factor of each variable's gradient, the global norm before and after clipping, and the clipped fraction. */
struct clipping {
  float scale[VARIABLES];
  double norm, norm_clipped, fraction;
};

/* Adds the partial sums of all groups and computes the clipping. */
static struct clipping clip(const struct net *net, const struct layout *l) {
  struct partial sums = {0};
  for (int group = 0; group <= l->groups; group++) {
    for (int k = 0; k < VARIABLES; k++) sums.square[k] += l->partial[group].square[k];
    sums.clipped_square += l->partial[group].clipped_square;
    sums.clipped_count += l->partial[group].clipped_count;
  }
  double square = 0, clipped = 0;
  int clipped_count = 0;
  struct clipping result;
  for (int k = 0; k < VARIABLES; k++) square += sums.square[k];
  const double norm = __builtin_sqrt(square);
  for (int k = 0; k < VARIABLES; k++) {
    const double variable_norm = net->clip_mode == CLIP_NORM ? __builtin_sqrt(sums.square[k]) : norm;
    const int scales = net->clip_mode == CLIP_NORM || net->clip_mode == CLIP_GLOBAL_NORM;
    const double scale = scales && variable_norm > net->clip ? net->clip / variable_norm : 1;
    clipped_count += scale < 1;
    clipped += sums.square[k] * scale * scale;
    result.scale[k] = (float)scale;
  }
  const int variables = net->weight_norm ? VARIABLES : VARIABLES - 2;
  const double elements = (double)(l->parameter_rows * 4 * net->units) + (net->units + 1) * net->classes;
  result.norm = norm;
  result.norm_clipped = __builtin_sqrt(net->clip_mode == CLIP_VALUE ? sums.clipped_square : clipped);
  result.fraction = net->clip_mode == CLIP_VALUE         ? sums.clipped_count / elements
                    : net->clip_mode == CLIP_GLOBAL_NORM ? clipped_count > 0
                                                         : (double)clipped_count / variables;
  return result;
}

/* One optimiser step for VW elements at `offset` (in floats) of the buffers. */
INLINE void optimizer_step_vector(const struct net *net, float *const buffers[BUFFERS], ptrdiff_t offset, float scale,
                                  float step_size) {
  vec g = load(buffers[GRADIENT] + offset) * scale;
  if (net->clip_mode == CLIP_VALUE) g = clamp(g, net->clip);
  vec p = load(buffers[VALUE] + offset);
  if (net->adam) {
    vec m = load(buffers[FIRST_MOMENT] + offset), v = load(buffers[SECOND_MOMENT] + offset);
    p = adam(p, g, &m, &v, step_size);
    store(buffers[FIRST_MOMENT] + offset, m);
    store(buffers[SECOND_MOMENT] + offset, v);
  } else {
    p = sgd(p, g, step_size);
  }
  store(buffers[VALUE] + offset, p);
}

/* One optimiser step for the elements [rows, columns] that start at `offset`. */
static void optimizer_step(const struct net *net, float *const buffers[BUFFERS], ptrdiff_t offset, int rows, int columns,
                           int stride, float scale, float step_size) {
  for (int r = 0; r < rows; r++, offset += stride)
    for (int k = 0; k < columns; k += VW) optimizer_step_vector(net, buffers, offset + k, scale, step_size);
}

/* 1 / max(‖v‖, 1e-6) of the columns of v [rows, VW] */
static vec inverse_norm(const float *v, int rows, int stride) {
  vec square = splat(0);
  for (int r = 0; r < rows; r++) square = multiply_add(load(v + r * stride), load(v + r * stride), square);
  return inverse_norm_of(square);
}

/*
 * w [I + 1 + H, 4H] = (g_x · v_x / max(‖v_x‖, 1e-6), b, g_h · v_h / max(‖v_h‖, 1e-6)) in panels, and
 * w_h_t [4H, H] = w_hᵀ, for vectors of columns first .. end - 1.
 */
static void pack_lstm_weights(const struct net *net, const struct layout *l, int first, int end) {
  const int I = net->inputs, H = net->units, stride = l->lstm_stride, width = l->w_panel * VW, wh_width = l->wh_panel * VW;
  for (int column = first; column < end; column++) {
    const float *value = l->lstm[VALUE] + column * VW;
    vec scale_x = splat(1), scale_h = splat(1);
    if (net->weight_norm) {
      const vec inverse_norm_x = inverse_norm(value, I, stride);
      const vec inverse_norm_h = inverse_norm(value + (I + 1) * stride, H, stride);
      store(l->inverse_norm_x + column * VW, inverse_norm_x);
      store(l->inverse_norm_h + column * VW, inverse_norm_h);
      scale_x = load(value + l->rows * stride) * inverse_norm_x;
      scale_h = load(value + (l->rows + 1) * stride) * inverse_norm_h;
    }
    float *w = l->w + (ptrdiff_t)(column / l->w_panel) * l->rows * width + column % l->w_panel * VW;
    for (int r = 0; r < I; r++) store(w + r * width, load(value + r * stride) * scale_x);
    store(w + I * width, load(value + I * stride));

    const int gates = min(VW, 4 * H - column * VW);
    for (int u = 0; u < H; u += VW) {
      float block[VW][VW];
      const int units = min(VW, H - u);
      for (int j = 0; j < units; j++) {
        const vec row = load(value + (I + 1 + u + j) * stride) * scale_h;
        store(w + (I + 1 + u + j) * width, row);
        store(block[j], row);
      }
      float *wh = l->w_h_t + (ptrdiff_t)(u / wh_width) * 4 * H * wh_width + column * VW * wh_width + u % wh_width;
      for (int n = 0; n < gates; n++)
        for (int j = 0; j < units; j++) wh[n * wh_width + j] = block[j][n];
    }
  }
}

/* pred_w_t [C, units_padded] = pred_w [H, C]ᵀ */
static void pack_prediction_weights(const struct net *net, const struct layout *l) {
  for (int k = 0; k < net->classes; k++)
    for (int u = 0; u < net->units; u++)
      l->pred_w_t[k * l->units_padded + u] = l->pred[VALUE][(u + 1) * l->classes_padded + k];
}

/* Updates the LSTM's parameters and effective weights, for vectors of columns first .. end - 1. */
static void update_lstm(const struct net *net, const struct layout *l, const struct clipping *c, float step_size, int first,
                        int end) {
  const int I = net->inputs, stride = l->lstm_stride, columns = (end - first) * VW;
  const ptrdiff_t x = first * VW, b = x + (ptrdiff_t)I * stride, h = b + stride, g = x + (ptrdiff_t)l->rows * stride;
  optimizer_step(net, l->lstm, x, I, columns, stride, c->scale[W_X], step_size);
  optimizer_step(net, l->lstm, b, 1, columns, stride, c->scale[B], step_size);
  optimizer_step(net, l->lstm, h, net->units, columns, stride, c->scale[W_H], step_size);
  if (net->weight_norm) {
    optimizer_step(net, l->lstm, g, 1, columns, stride, c->scale[G_X], step_size);
    optimizer_step(net, l->lstm, g + stride, 1, columns, stride, c->scale[G_H], step_size);
  }
  pack_lstm_weights(net, l, first, end);
}

/* Updates the prediction layer. */
static void update_prediction_layer(const struct net *net, const struct layout *l, const struct clipping *c,
                                    float step_size) {
  const int stride = l->classes_padded;
  optimizer_step(net, l->pred, 0, 1, stride, stride, c->scale[PRED_B], step_size);
  optimizer_step(net, l->pred, stride, net->units, stride, stride, c->scale[PRED_W], step_size);
  pack_prediction_weights(net, l);
}
