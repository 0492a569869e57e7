/*
 * exp, sigmoid, tanh and log without a C library, so that every machine computes the same bits.
 *
 * Relative error, tested against double by fused/math.test.ts: at most 3e-7 for tanh, and for sigmoid above -87. Below -87
 * sigmoid stays near the smallest normal float. NaN gives NaN.
 */
#pragma once
#include "vec.h"

/*
 * e^x - 1, accurate near 0 too. x = n ln 2 + r with |r| <= ln 2 / 2. e^r - 1 = r + r^2 q(r), where the polynomial q
 * minimises the relative error (1.4e-8). Then e^x - 1 = 2^n (e^r - 1) + (2^n - 1).
 */
INLINE vec vector_expm1(vec x) {
  x = clamp(x, 87.0f);
  const vec shift = splat(12582912.0f); /* 1.5 * 2^23: adding it leaves the rounded integer in the low bits */
  vec shifted = multiply_add(x, splat(1.44269504f), shift);
  vec n = shifted - shift;
  vec r = multiply_add(n, splat(2.12194440e-4f), multiply_add(n, splat(-0.693359375f), x)); /* ln 2 in two parts */
  vec q = splat(1.3946554390713573e-3f);
  q = multiply_add(q, r, splat(8.366644382476807e-3f));
  q = multiply_add(q, r, splat(4.166628047823906e-2f));
  q = multiply_add(q, r, splat(1.6666541993618011e-1f));
  q = multiply_add(q, r, splat(0.5f));
  vec p = multiply_add(r * r, q, r);
  vec power = (vec)(((ivec)shifted << 23) + isplat(0x3f800000)); /* 2^n */
  return multiply_add(p, power, power - 1.0f);
}

/* 1 / (1 + e^-x) */
INLINE vec vector_sigmoid(vec x) { return 1.0f / (2.0f + vector_expm1(-x)); }

/* (e^2x - 1) / (e^2x + 1) */
INLINE vec vector_tanh(vec x) {
  vec e = vector_expm1(x + x);
  return e / (e + 2.0f);
}

/* ln x for finite x >= 1: x = 2^n m with m in [sqrt(1/2), sqrt 2), and ln m = 2 artanh((m - 1) / (m + 1)). */
static double log_f64(double x) {
  union {
    double value;
    uint64_t bits;
  } m = {x};
  int n = (int)(m.bits >> 52) - 1023;
  m.bits = (m.bits & 0xfffffffffffffULL) | 0x3ff0000000000000ULL;
  if (m.value > 1.4142135623730951) {
    m.value /= 2;
    n++;
  }
  double f = (m.value - 1) / (m.value + 1), square = f * f, sum = 0;
  for (int k = 19; k >= 1; k -= 2) sum = sum * square + 1.0 / k;
  return x == x ? 2 * f * sum + n * 0.6931471805599453 : x;
}
