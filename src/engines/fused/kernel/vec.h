/*
 * Vectors of VW floats, and the operations that need machine instructions.
 *
 * Every machine computes the same bits: each operation rounds as IEEE 754 defines; multiply_add is the only fused
 * multiply-add, because -ffp-contract=off forbids the compiler to form others; and sums over columns use groups of
 * GROUP columns for every vector width.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* VW: floats per vector. MR x NR: rows x vectors of a register tile; its sums, NR loads and a broadcast fit in registers. */
#if defined(SCALAR) /* the CUDA kernels */
#define VW 1
#define MR 1
#define NR 1
#elif defined(__AVX512F__)
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
#else /* wasm and all other machines */
#define VW 4
#define MR 5
#define NR 2
#endif

enum { GROUP = 16 }; /* a multiple of every VW */

typedef float vec __attribute__((vector_size(4 * VW)));
typedef uint32_t ivec __attribute__((vector_size(4 * VW)));
typedef float unaligned_vec __attribute__((vector_size(4 * VW), aligned(4), may_alias));

/* Unrolls a loop over vectors completely, so that the vectors stay in registers. */
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

/* a where mask is all ones, b where it is 0 */
INLINE vec where(ivec mask, vec a, vec b) { return (vec)(((ivec)a & mask) | ((ivec)b & ~mask)); }
INLINE vec vector_abs(vec x) { return (vec)((ivec)x & isplat(0x7fffffff)); }

/*
 * multiply_add: a * b + c, rounded once. vector_sqrt: the square root. vector_min, vector_max: of x and limit; a NaN in x
 * stays NaN, so that a clamp does not hide a divergence.
 */
#if VW == 16
#include <immintrin.h>
INLINE vec multiply_add(vec a, vec b, vec c) { return (vec)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
INLINE vec vector_sqrt(vec x) { return (vec)_mm512_sqrt_ps((__m512)x); }
INLINE vec vector_min(vec x, vec limit) { return (vec)_mm512_min_ps((__m512)limit, (__m512)x); }
INLINE vec vector_max(vec x, vec limit) { return (vec)_mm512_max_ps((__m512)limit, (__m512)x); }
#elif VW == 8
#include <immintrin.h>
INLINE vec multiply_add(vec a, vec b, vec c) { return (vec)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
INLINE vec vector_sqrt(vec x) { return (vec)_mm256_sqrt_ps((__m256)x); }
INLINE vec vector_min(vec x, vec limit) { return (vec)_mm256_min_ps((__m256)limit, (__m256)x); }
INLINE vec vector_max(vec x, vec limit) { return (vec)_mm256_max_ps((__m256)limit, (__m256)x); }
#elif VW == 4 && defined(__wasm__)
#include <wasm_simd128.h>
#if defined(__wasm_relaxed_simd__) /* wasm-module.ts checks that the machine rounds it once */
INLINE vec multiply_add(vec a, vec b, vec c) { return (vec)__builtin_wasm_relaxed_madd_f32x4(a, b, c); }
#else /* rounds twice: machines without fused multiply-adds use a separate arithmetic, wnlstm-1-unfused */
INLINE vec multiply_add(vec a, vec b, vec c) { return a * b + c; }
#endif
INLINE vec vector_sqrt(vec x) { return (vec)wasm_f32x4_sqrt((v128_t)x); }
INLINE vec vector_min(vec x, vec limit) { return (vec)wasm_f32x4_pmin((v128_t)x, (v128_t)limit); }
INLINE vec vector_max(vec x, vec limit) { return (vec)wasm_f32x4_pmax((v128_t)x, (v128_t)limit); }
#else
#if VW == 4 && defined(__aarch64__)
#include <arm_neon.h>
INLINE vec multiply_add(vec a, vec b, vec c) { return (vec)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
#else
INLINE vec multiply_add(vec a, vec b, vec c) {
  for (int i = 0; i < VW; i++) c[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return c;
}
#endif
INLINE vec vector_sqrt(vec x) {
  vec root;
  for (int i = 0; i < VW; i++) root[i] = __builtin_sqrtf(x[i]);
  return root;
}
INLINE vec vector_min(vec x, vec limit) { return where((ivec)(x > limit), limit, x); }
INLINE vec vector_max(vec x, vec limit) { return where((ivec)(x < limit), limit, x); }
#endif
/* x limited to [-limit, limit] */
INLINE vec clamp(vec x, float limit) { return vector_max(vector_min(x, splat(limit)), splat(-limit)); }

/* The sum of the GROUP columns in x, in double, from first to last. */
INLINE double sum_lanes(const vec x[GROUP / VW]) {
  double sum = 0;
  for (int i = 0; i < GROUP; i++) sum += x[i / VW][i % VW];
  return sum;
}

/* The smallest multiple of `to` that is at least n. */
INLINE int round_up(int n, int to) { return (n + to - 1) / to * to; }
INLINE int min(int a, int b) { return a < b ? a : b; }
INLINE int max(int a, int b) { return a > b ? a : b; }

/* Vectors per panel when `vectors` are divided evenly into the fewest panels of at most NR. */
INLINE int panel_vectors(int vectors) {
  int panels = (vectors + NR - 1) / NR;
  return (vectors + panels - 1) / panels;
}
