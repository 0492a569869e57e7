/**
 * @file The arithmetic of a run. Runs with the same config, data and kernel arithmetic produce identical bytes; run.json
 * records the arithmetic, and the fingerprint contains it in place of the backend.
 */

/** The version of the kernel's arithmetic, incremented when any result changes. kernel/step.c has the same number. */
export const ARITHMETIC = 1;

/** The backends of the kernel in C. */
export const FUSED_BACKENDS = ['native', 'wasm'] as const;

/** The backends that use the kernel's arithmetic. A run may start on one of them and continue on another. */
export const EXACT_BACKENDS = [...FUSED_BACKENDS, 'cuda'] as const;

/** Whether a backend uses the kernel's arithmetic. */
export function isExact(backend: string): backend is (typeof EXACT_BACKENDS)[number] {
  return EXACT_BACKENDS.some((each) => each === backend);
}

/** The arithmetic of cuda, and of native and wasm on machines with fused multiply-adds. */
export const CANONICAL = `wnlstm-${ARITHMETIC}`;

/** The arithmetic of wasm on machines that round a multiply-add twice. */
export const UNFUSED = `${CANONICAL}-unfused`;
