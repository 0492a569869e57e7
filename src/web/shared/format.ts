/** @file Numbers and times as text for people. */

/** One formatter, because making one takes long. */
const grouped = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** A whole number with commas, such as `1,240`. */
export function wholeNumber(value: number): string {
  return grouped.format(value);
}

/** A number with at most four significant digits, or with an exponent if it is very large or small. */
export function shortNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return value.toExponential(2).replace('e+', 'e');
  if (size >= 1000) return wholeNumber(value);
  return String(Number(value.toPrecision(4)));
}

/** A fraction in percent, such as `97.31`; `–` for null. */
export function percent(value: number | null): string {
  return value === null ? '–' : (value * 100).toFixed(2);
}

/** A duration, such as `4.2 s`, `3 min 20 s` or `2 h 5 min`; `–` for null. */
export function duration(seconds: number | null): string {
  if (seconds === null || !Number.isFinite(seconds)) return '–';
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60
    ? `${minutes} min ${Math.floor(seconds % 60)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The progress of a run, such as `1,240 / 4,295`. */
export function progress(step: number, total: number | null): string {
  return `${wholeNumber(step)} / ${total === null ? '?' : wholeNumber(total)}`;
}
