/* From gradients to new weights: weight norm's backward, clipping, the optimiser, weight norm's forward. */
#pragma once
#include "gemm.h"
#include "net.h"

#define SMALLEST_NORM 1e-6f

/*
 * Weight norm's backward for one vector of columns of w_x or w_h, rows [rows][gates]:
 *   dg = <dw, v> / n,   dv = g / n (dw - v dg / n),   n = max(norm, 1e-6)
 * and at the floor n does not depend on v, so that the second term falls away. In place: dw becomes dv.
 * See Salimans & Kingma 2016, eq. 3.
 */
static vec direction_gradient(float *dw, const float *v, int rows, int stride, vec gain, vec inverse) {
  vec dot = splat(0);
  for (int r = 0; r < rows; r++) dot = multiply_add(load(dw + r * stride), load(v + r * stride), dot);
  const vec dgain = dot * inverse;
  const vec along = blend((ivec)(inverse < splat(1.0f / SMALLEST_NORM)), dgain * inverse, splat(0));
  for (int r = 0; r < rows; r++)
    store(dw + r * stride, gain * inverse * multiply_add(-load(v + r * stride), along, load(dw + r * stride)));
  return dgain;
}

/* Squares, and what clipping by value does, of one group of columns of `rows` rows. */
static double measure(const struct net *net, const float *gradient, int rows, int stride, struct partial *sums) {
  vec square[GROUP / VW] = {0}, clipped[GROUP / VW] = {0}, above[GROUP / VW] = {0};
  for (int r = 0; r < rows; r++) {
    UNROLL
    for (int k = 0; k < GROUP / VW; k++) {
      const vec g = load(gradient + r * stride + k * VW);
      square[k] = multiply_add(g, g, square[k]);
      if (net->clip_mode == CLIP_VALUE) {
        const vec c = clamp(g, net->clip);
        clipped[k] = multiply_add(c, c, clipped[k]);
        above[k] += blend((ivec)(absolute(g) > splat(net->clip)), splat(1), splat(0));
      }
    }
  }
  sums->clipped_square += sum_group(clipped);
  sums->above += sum_group(above);
  return sum_group(square);
}

/* Weight norm's backward for the columns at `column` of both matrices. */
static void finish_direction(const struct net *net, const struct layout *l, int column) {
  const int I = net->inputs, stride = l->gates, h = (I + 1) * stride, gx = l->rows * stride, gh = gx + stride;
  float *dw = l->lstm[GRADIENT] + column;
  const float *v = l->lstm[VALUE] + column;
  store(dw + gx, direction_gradient(dw, v, I, stride, load(v + gx), load(l->inverse_x + column)));
  store(dw + gh, direction_gradient(dw + h, v + h, net->units, stride, load(v + gh), load(l->inverse_h + column)));
}

/* Finishes the gradients of the LSTM's columns first .. end (in groups) and measures them. */
static void finish_gradient(const struct net *net, const struct layout *l, int first, int end) {
  const int I = net->inputs, H = net->units, stride = l->gates;
  for (int group = first; group < end; group++) {
    const float *gradient = l->lstm[GRADIENT] + group * GROUP, *gains = gradient + l->rows * stride;
    struct partial *sums = l->partial + group;
    *sums = (struct partial){0};
    if (net->weight_norm) {
      for (int k = 0; k < GROUP; k += VW) finish_direction(net, l, group * GROUP + k);
      sums->square[G_X] = measure(net, gains, 1, stride, sums);
      sums->square[G_H] = measure(net, gains + stride, 1, stride, sums);
    }
    sums->square[W_X] = measure(net, gradient, I, stride, sums);
    sums->square[B] = measure(net, gradient + I * stride, 1, stride, sums);
    sums->square[W_H] = measure(net, gradient + (I + 1) * stride, H, stride, sums);
  }
}

static void measure_prediction(const struct net *net, const struct layout *l) {
  struct partial *sums = l->partial + l->groups;
  *sums = (struct partial){0};
  for (int k = 0; k < l->classes; k += GROUP) {
    const float *gradient = l->pred[GRADIENT] + k;
    sums->square[PRED_B] += measure(net, gradient, 1, l->classes, sums);
    sums->square[PRED_W] += measure(net, gradient + l->classes, net->units, l->classes, sums);
  }
}

/* What clipping does to each variable, and to all together. */
struct clipping {
  float scale[VARIABLES];
  double norm, norm_clipped, share;
};

static struct clipping clip(const struct net *net, const struct layout *l) {
  struct partial sums = {0};
  for (int group = 0; group <= l->groups; group++) {
    for (int k = 0; k < VARIABLES; k++) sums.square[k] += l->partial[group].square[k];
    sums.clipped_square += l->partial[group].clipped_square;
    sums.above += l->partial[group].above;
  }
  double square = 0, clipped = 0;
  int above = 0;
  struct clipping result;
  for (int k = 0; k < VARIABLES; k++) square += sums.square[k];
  const double norm = __builtin_sqrt(square);
  for (int k = 0; k < VARIABLES; k++) {
    const double own = net->clip_mode == CLIP_NORM ? __builtin_sqrt(sums.square[k]) : norm;
    const int limited = net->clip_mode == CLIP_NORM || net->clip_mode == CLIP_GLOBAL_NORM;
    const double scale = limited && own > net->clip ? net->clip / own : 1;
    above += scale < 1;
    clipped += sums.square[k] * scale * scale;
    result.scale[k] = (float)scale;
  }
  const int variables = net->weight_norm ? VARIABLES : VARIABLES - 2;
  const double elements = (double)(l->parameters * 4 * net->units) + (net->units + 1) * net->classes;
  result.norm = norm;
  result.norm_clipped = __builtin_sqrt(net->clip_mode == CLIP_VALUE ? sums.clipped_square : clipped);
  result.share = net->clip_mode == CLIP_VALUE         ? sums.above / elements
                 : net->clip_mode == CLIP_GLOBAL_NORM ? above > 0
                                                      : (double)above / variables;
  return result;
}

/* Optimiser for one vector of elements; `slot` as in struct layout, offset in floats. */
INLINE void optimise_vector(const struct net *net, float *const slot[SLOTS], ptrdiff_t offset, float scale, float rate) {
  vec g = load(slot[GRADIENT] + offset) * scale;
  if (net->clip_mode == CLIP_VALUE) g = clamp(g, net->clip);
  vec p = load(slot[VALUE] + offset);
  if (net->adam) {
    vec m = multiply_add(splat(0.9f), load(slot[FIRST_MOMENT] + offset), 0.1f * g);
    vec v = multiply_add(splat(0.999f), load(slot[SECOND_MOMENT] + offset), 0.001f * (g * g));
    store(slot[FIRST_MOMENT] + offset, m);
    store(slot[SECOND_MOMENT] + offset, v);
    p -= rate * m / (square_root(v) + 1e-8f);
  } else {
    p = multiply_add(splat(-rate), g, p);
  }
  store(slot[VALUE] + offset, p);
}

/* The same for a rectangle of `rows` rows and `columns` columns that starts at `offset`. */
static void optimise(const struct net *net, float *const slot[SLOTS], ptrdiff_t offset, int rows, int columns, int stride,
                     float scale, float rate) {
  for (int r = 0; r < rows; r++, offset += stride)
    for (int k = 0; k < columns; k += VW) optimise_vector(net, slot, offset + k, scale, rate);
}

static vec inverse_norm(const float *v, int rows, int stride) {
  vec square = splat(0);
  for (int r = 0; r < rows; r++) square = multiply_add(load(v + r * stride), load(v + r * stride), square);
  return 1.0f / at_least(square_root(square), splat(SMALLEST_NORM));
}

/* Effective weights of the columns first .. end (in vectors), packed as the products read them. */
static void pack(const struct net *net, const struct layout *l, int first, int end) {
  const int I = net->inputs, H = net->units, stride = l->gates, width = l->w_panel * VW, wh_width = l->wh_panel * VW;
  for (int column = first; column < end; column++) {
    const float *value = l->lstm[VALUE] + column * VW;
    vec scale_x = splat(1), scale_h = splat(1);
    if (net->weight_norm) {
      const vec inverse_x = inverse_norm(value, I, stride), inverse_h = inverse_norm(value + (I + 1) * stride, H, stride);
      store(l->inverse_x + column * VW, inverse_x);
      store(l->inverse_h + column * VW, inverse_h);
      scale_x = load(value + l->rows * stride) * inverse_x;
      scale_h = load(value + (l->rows + 1) * stride) * inverse_h;
    }
    float *w = l->w + (ptrdiff_t)(column / l->w_panel) * l->rows * width + column % l->w_panel * VW;
    for (int r = 0; r < I; r++) store(w + r * width, load(value + r * stride) * scale_x);
    store(w + I * width, load(value + I * stride));

    const int gates = smaller(VW, 4 * H - column * VW);
    for (int u = 0; u < H; u += VW) {
      float block[VW][VW];
      const int units = smaller(VW, H - u);
      for (int j = 0; j < units; j++) {
        const vec row = load(value + (I + 1 + u + j) * stride) * scale_h;
        store(w + (I + 1 + u + j) * width, row);
        store(block[j], row);
      }
      float *wh = l->wh + (ptrdiff_t)(u / wh_width) * 4 * H * wh_width + column * VW * wh_width + u % wh_width;
      for (int n = 0; n < gates; n++)
        for (int j = 0; j < units; j++) wh[n * wh_width + j] = block[j][n];
    }
  }
}

static void pack_prediction(const struct net *net, const struct layout *l) {
  for (int k = 0; k < net->classes; k++)
    for (int u = 0; u < net->units; u++) l->pred_t[k * l->units + u] = l->pred[VALUE][(u + 1) * l->classes + k];
}

/* Updates the LSTM's columns first .. end (in vectors). */
static void update(const struct net *net, const struct layout *l, const struct clipping *c, float rate, int first, int end) {
  const int I = net->inputs, stride = l->gates, columns = (end - first) * VW;
  const ptrdiff_t x = first * VW, b = x + (ptrdiff_t)I * stride, h = b + stride, g = x + (ptrdiff_t)l->rows * stride;
  optimise(net, l->lstm, x, I, columns, stride, c->scale[W_X], rate);
  optimise(net, l->lstm, b, 1, columns, stride, c->scale[B], rate);
  optimise(net, l->lstm, h, net->units, columns, stride, c->scale[W_H], rate);
  if (net->weight_norm) {
    optimise(net, l->lstm, g, 1, columns, stride, c->scale[G_X], rate);
    optimise(net, l->lstm, g + stride, 1, columns, stride, c->scale[G_H], rate);
  }
  pack(net, l, first, end);
}

static void update_prediction(const struct net *net, const struct layout *l, const struct clipping *c, float rate) {
  optimise(net, l->pred, 0, 1, l->classes, l->classes, c->scale[PRED_B], rate);
  optimise(net, l->pred, l->classes, net->units, l->classes, l->classes, c->scale[PRED_W], rate);
  pack_prediction(net, l);
}
