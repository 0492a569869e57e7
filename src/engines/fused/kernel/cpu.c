/* Which kernel this x86-64 CPU and its operating system can run. Compiled for the x86-64 baseline, unlike the rest. */
#include <stdint.h>

struct registers {
  uint32_t a, b, c, d;
};

/* Executes CPUID. */
static struct registers cpuid(uint32_t leaf) {
  struct registers r;
  __asm__("cpuid" : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d) : "a"(leaf), "c"(0));
  return r;
}

/* The register states that the operating system saves and restores (XCR0). */
static uint32_t enabled_state(void) {
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  return low;
}

/* Whether all of `bits` are set in `word`. */
static int has(uint32_t word, uint32_t bits) { return (word & bits) == bits; }

/*
 * Returns 2 for x86-64-v4 (AVX-512), 1 for x86-64-v3 (AVX2 and FMA), else 0.
 * See Intel's Software Developer's Manual, volume 2, CPUID, and the microarchitecture levels in the x86-64 psABI.
 */
#if defined(_WIN32)
__declspec(dllexport)
#else
__attribute__((visibility("default")))
#endif
int wnlstm_cpu_level(void) {
  enum {
    FMA = 1 << 12, MOVBE = 1 << 22, OSXSAVE = 1 << 27, AVX = 1 << 28, F16C = 1 << 29, /* leaf 1, ecx */
    BMI1 = 1 << 3, AVX2 = 1 << 5, BMI2 = 1 << 8,                                      /* leaf 7, ebx */
    AVX512F = 1 << 16, AVX512DQ = 1 << 17, AVX512CD = 1 << 28, AVX512BW = 1 << 30,    /* leaf 7, ebx */
    LZCNT = 1 << 5,                                                                   /* leaf 0x80000001, ecx */
    YMM = 0x6, ZMM = 0xe6,                                                            /* XCR0 */
  };
  const uint32_t AVX512VL = 1u << 31; /* leaf 7, ebx */
  if (cpuid(0).a < 7 || cpuid(0x80000000).a < 0x80000001) return 0;
  const uint32_t basic = cpuid(1).c, extended = cpuid(7).b;
  if (!has(basic, FMA | MOVBE | OSXSAVE | AVX | F16C)) return 0;
  if (!has(extended, BMI1 | AVX2 | BMI2) || !has(cpuid(0x80000001).c, LZCNT) || !has(enabled_state(), YMM)) return 0;
  return has(extended, AVX512F | AVX512DQ | AVX512CD | AVX512BW | AVX512VL) && has(enabled_state(), ZMM) ? 2 : 1;
}
