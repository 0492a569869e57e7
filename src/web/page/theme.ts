/** @file Colours of curves and axes, in the light and in the dark form of the page. */

/** The colours of figures, and their counterparts on a dark background: the same hues, lighter. */
const ON_DARK: Readonly<Record<string, string>> = {
  '#0072B2': '#4FA8E0',
  '#D55E00': '#F07F3C',
  '#009E73': '#35C49A',
  '#CC79A7': '#E29BC1',
  '#E69F00': '#F2B53B',
  '#56B4E9': '#9AD4F7',
  '#000000': '#E6E8EB',
};

const dark = window.matchMedia('(prefers-color-scheme: dark)');

/** The colour of a curve. */
export function curveColor(color: string): string {
  return dark.matches ? (ON_DARK[color] ?? color) : color;
}

/** The value of a custom property of the style sheet. */
export function cssColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** Calls a function when the colours change. */
export function onThemeChange(listener: () => void): void {
  dark.addEventListener('change', listener);
}
