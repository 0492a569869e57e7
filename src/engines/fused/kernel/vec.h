/* Vectors of floats, as wide as the machine that this is compiled for has them. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#if defined(__AVX512F__)
#define VW 16 /* floats a vector */
#define MR 6  /* register tile: rows ... */
#define NR 4  /* ... by vectors; MR * NR sums, NR loads and one broadcast must fit the registers */
#elif defined(__AVX__)
#define VW 8
#define MR 6
#define NR 2
#elif defined(__aarch64__)
#define VW 4
#define MR 6
#define NR 4
#else /* wasm, SSE: 16 registers, no fused multiply-add */
#define VW 4
#define MR 3
#define NR 3
#endif

typedef float vec __attribute__((vector_size(4 * VW)));
typedef uint32_t ivec __attribute__((vector_size(4 * VW)));
typedef float unaligned_vec __attribute__((vector_size(4 * VW), aligned(4), may_alias));

/* For loops over vectors that must end up in registers. */
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

#define INLINE static inline __attribute__((always_inline))

INLINE vec load(const float *p) { return *(const unaligned_vec *)p; }
INLINE void store(float *p, vec v) { *(unaligned_vec *)p = v; }
INLINE vec splat(float x) { return x - (vec){0}; }
INLINE ivec isplat(uint32_t x) { return x - (ivec){0}; }

/* yes where mask is all ones, no where it is 0 */
INLINE vec blend(ivec mask, vec yes, vec no) { return (vec)(((ivec)yes & mask) | ((ivec)no & ~mask)); }
INLINE vec absolute(vec x) { return (vec)((ivec)x & isplat(0x7fffffff)); }

/* Roots; and the smaller, or larger, of two: NaN in x stays NaN, for a clamp must not hide a divergence. */
#if defined(__AVX512F__)
#include <immintrin.h>
INLINE vec square_root(vec x) { return (vec)_mm512_sqrt_ps((__m512)x); }
INLINE vec at_most(vec x, vec limit) { return (vec)_mm512_min_ps((__m512)limit, (__m512)x); }
INLINE vec at_least(vec x, vec limit) { return (vec)_mm512_max_ps((__m512)limit, (__m512)x); }
#elif defined(__AVX__)
#include <immintrin.h>
INLINE vec square_root(vec x) { return (vec)_mm256_sqrt_ps((__m256)x); }
INLINE vec at_most(vec x, vec limit) { return (vec)_mm256_min_ps((__m256)limit, (__m256)x); }
INLINE vec at_least(vec x, vec limit) { return (vec)_mm256_max_ps((__m256)limit, (__m256)x); }
#elif defined(__wasm_simd128__)
#include <wasm_simd128.h>
INLINE vec square_root(vec x) { return (vec)wasm_f32x4_sqrt((v128_t)x); }
INLINE vec at_most(vec x, vec limit) { return (vec)wasm_f32x4_pmin((v128_t)x, (v128_t)limit); }
INLINE vec at_least(vec x, vec limit) { return (vec)wasm_f32x4_pmax((v128_t)x, (v128_t)limit); }
#else
INLINE vec square_root(vec x) {
  vec root;
  for (int i = 0; i < VW; i++) root[i] = __builtin_sqrtf(x[i]);
  return root;
}
INLINE vec at_most(vec x, vec limit) { return blend((ivec)(x > limit), limit, x); }
INLINE vec at_least(vec x, vec limit) { return blend((ivec)(x < limit), limit, x); }
#endif
INLINE vec clamp(vec x, float limit) { return at_least(at_most(x, splat(limit)), splat(-limit)); }

/* The lanes added in their order, in double. */
INLINE double sum_lanes(vec x) {
  double sum = 0;
  for (int i = 0; i < VW; i++) sum += x[i];
  return sum;
}

INLINE int round_up(int n) { return (n + VW - 1) / VW * VW; }
INLINE int smaller(int a, int b) { return a < b ? a : b; }

/* Vectors a panel if `vectors` of them are shared out evenly. */
INLINE int panel_vectors(int vectors) {
  int panels = (vectors + NR - 1) / NR;
  return (vectors + panels - 1) / panels;
}
