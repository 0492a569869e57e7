/* The formulas of one element, for the C kernel and the CUDA kernels: the LSTM cell, weight normalisation, the optimisers. */
#pragma once
#include "vec.h"

/* Clip modes; kernel.ts has the same numbers. */
enum { CLIP_NONE, CLIP_NORM, CLIP_GLOBAL_NORM, CLIP_VALUE };

#define MIN_NORM 1e-6f

/* Adam's constants, as in src/model/adam.ts (fused/engine.test.ts compares them). */
#define BETA1 0.9f
#define ONE_MINUS_BETA1 0.1f
#define BETA2 0.999f
#define ONE_MINUS_BETA2 0.001f
#define EPSILON 1e-8f

/* c = f c_prev + i g */
INLINE vec cell_state(vec i, vec f, vec g, vec c_prev) { return multiply_add(f, c_prev, i * g); }

/* Gradients of the gates before their activations, and of c_{t-1}. */
struct cell_gradient {
  vec i, f, o, g, c_prev;
};

/*
 * From dh, dc (of the next time step), the gates, tanh c and c_prev:
 *   dc += dh o (1 - tanh² c),  dz_i = dc g i (1 - i),  dz_f = dc c_prev f (1 - f),  dz_o = dh tanh c o (1 - o),
 *   dz_g = dc i (1 - g²),  dc_prev = dc f
 */
INLINE struct cell_gradient cell_backward(vec i, vec f, vec o, vec g, vec tanh_c, vec c_prev, vec dh, vec dc) {
  const vec dc_t = multiply_add(dh * o, multiply_add(-tanh_c, tanh_c, splat(1)), dc);
  struct cell_gradient d;
  d.i = dc_t * g * i * (1.0f - i);
  d.f = dc_t * c_prev * f * (1.0f - f);
  d.o = dh * tanh_c * o * (1.0f - o);
  d.g = dc_t * i * multiply_add(-g, g, splat(1));
  d.c_prev = dc_t * f;
  return d;
}

/* 1 / max(norm, 1e-6), from the squared norm */
INLINE vec inverse_norm_of(vec square) { return 1.0f / vector_max(vector_sqrt(square), splat(MIN_NORM)); }

/*
 * Weight normalisation, w = g v / n with n = max(norm, 1e-6):
 *   dg = <dw, v> / n,   dv = g / n (dw - v dg / n)
 * Where n is the constant 1e-6, it does not depend on v and the second term is 0. See Salimans & Kingma 2016, eq. 3.
 */
INLINE vec direction_share(vec dgain, vec inverse) {
  return where((ivec)(inverse < splat(1.0f / MIN_NORM)), dgain * inverse, splat(0)); /* dg / n */
}
INLINE vec direction_gradient(vec dw, vec v, vec gain, vec inverse, vec share) {
  return gain * inverse * multiply_add(-v, share, dw);
}

/*
 * One optimiser step:
 *   Adam: m = β1 m + (1 - β1) g,  v = β2 v + (1 - β2) g²,  p -= step_size m / (√v + ε);   SGD: p -= step_size g
 */
INLINE vec adam(vec p, vec g, vec *m, vec *v, float step_size) {
  *m = multiply_add(splat(BETA1), *m, ONE_MINUS_BETA1 * g);
  *v = multiply_add(splat(BETA2), *v, ONE_MINUS_BETA2 * (g * g));
  return p - step_size * *m / (vector_sqrt(*v) + EPSILON);
}
INLINE vec sgd(vec p, vec g, float step_size) { return multiply_add(splat(-step_size), g, p); }
