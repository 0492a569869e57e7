/**
 * @file Which arithmetic a run is computed with. Two runs of the same config, data and arithmetic have the same bytes if
 * the arithmetic is the kernel's own; it stands in run.json, and in the fingerprint in place of the backend.
 */

/** The version of the kernel's arithmetic: raised with every change of any result. kernel/step.c has the same number. */
export const ARITHMETIC = 1;

/** What native and wasm compute with on every machine that has fused multiply-adds. */
export const CANONICAL = `wnlstm-${ARITHMETIC}`;

/** What wasm computes with where multiply-adds are rounded twice. */
export const UNFUSED = `${CANONICAL}-unfused`;
