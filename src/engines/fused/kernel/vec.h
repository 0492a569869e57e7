/*
 * Vectors of floats, as wide as the machine has them, and the few operations that need its instructions.
 *
 * Every machine computes the same bits. Each operation here is rounded as IEEE 754 says; the compiler must not fuse a
 * multiplication with an addition on its own (-ffp-contract=off), so multiply_add is the only place where that happens;
 * and sums over columns are taken in groups of GROUP, whatever the width of a vector.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* VW: floats a vector. MR rows by NR vectors: the register tile; its sums, NR loads and one broadcast fit the registers. */
#if defined(__AVX512F__)
#define VW 16
#define MR 5
#define NR 5
#elif defined(__AVX2__) && defined(__FMA__)
#define VW 8
#define MR 6
#define NR 2
#elif defined(__aarch64__)
#define VW 4
#define MR 6
#define NR 4
#else /* wasm; any other machine */
#define VW 4
#define MR 5
#define NR 2
#endif

enum { GROUP = 16 }; /* a multiple of every VW */

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

/*
 * a b + c, rounded once; the square root; and the smaller, or larger, of two. In the last two NaN in x stays NaN, for a
 * clamp must not hide a divergence.
 */
#if defined(__AVX512F__)
#include <immintrin.h>
INLINE vec multiply_add(vec a, vec b, vec c) { return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
INLINE vec square_root(vec x) { return (vec)_mm512_sqrt_ps((__m512)x); }
INLINE vec at_most(vec x, vec limit) { return (vec)_mm512_min_ps((__m512)limit, (__m512)x); }
INLINE vec at_least(vec x, vec limit) { return (vec)_mm512_max_ps((__m512)limit, (__m512)x); }
#elif VW == 8
#include <immintrin.h>
INLINE vec multiply_add(vec a, vec b, vec c) { return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
INLINE vec square_root(vec x) { return (vec)_mm256_sqrt_ps((__m256)x); }
INLINE vec at_most(vec x, vec limit) { return (vec)_mm256_min_ps((__m256)limit, (__m256)x); }
INLINE vec at_least(vec x, vec limit) { return (vec)_mm256_max_ps((__m256)limit, (__m256)x); }
#elif defined(__wasm__)
#include <wasm_simd128.h>
#if defined(__wasm_relaxed_simd__) /* wasm.ts asks the machine whether it is rounded once */
INLINE vec multiply_add(vec a, vec b, vec c) { return (vec)__builtin_wasm_relaxed_madd_f32x4(a, b, c); }
#else /* rounded twice: a machine without fused multiply-adds gets results of its own, under their own number */
INLINE vec multiply_add(vec a, vec b, vec c) { return a * b + c; }
#endif
INLINE vec square_root(vec x) { return (vec)wasm_f32x4_sqrt((v128_t)x); }
INLINE vec at_most(vec x, vec limit) { return (vec)wasm_f32x4_pmin((v128_t)x, (v128_t)limit); }
INLINE vec at_least(vec x, vec limit) { return (vec)wasm_f32x4_pmax((v128_t)x, (v128_t)limit); }
#else
#if defined(__aarch64__)
#include <arm_neon.h>
INLINE vec multiply_add(vec a, vec b, vec c) { return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
#else
INLINE vec multiply_add(vec a, vec b, vec c) {
  for (int i = 0; i < VW; i++) c[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return c;
}
#endif
INLINE vec square_root(vec x) {
  vec root;
  for (int i = 0; i < VW; i++) root[i] = __builtin_sqrtf(x[i]);
  return root;
}
INLINE vec at_most(vec x, vec limit) { return blend((ivec)(x > limit), limit, x); }
INLINE vec at_least(vec x, vec limit) { return blend((ivec)(x < limit), limit, x); }
#endif
INLINE vec clamp(vec x, float limit) { return at_least(at_most(x, splat(limit)), splat(-limit)); }

/* The columns of a group added in their order, in double. */
INLINE double sum_group(const vec x[GROUP / VW]) {
  double sum = 0;
  for (int i = 0; i < GROUP; i++) sum += x[i / VW][i % VW];
  return sum;
}

INLINE int round_up(int n, int to) { return (n + to - 1) / to * to; }
INLINE int smaller(int a, int b) { return a < b ? a : b; }
INLINE int larger(int a, int b) { return a > b ? a : b; }

/* Vectors a panel if `vectors` of them are shared out evenly. */
INLINE int panel_vectors(int vectors) {
  int panels = (vectors + NR - 1) / NR;
  return (vectors + panels - 1) / panels;
}
