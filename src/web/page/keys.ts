/** @file The keyboard shortcuts, and the dialog that lists them. */

import { make } from './dom.js';

/** A shortcut. */
export interface Shortcut {
  /** The keys as `KeyboardEvent.key` names them. */
  readonly keys: readonly string[];
  /** How they are written in the list. */
  readonly shown: string;
  readonly about: string;
  readonly action: () => void;
}

/** Installs shortcuts. `?` shows the list of them. Returns the function that shows it. */
export function installShortcuts(shortcuts: readonly Shortcut[]): () => void {
  const close = make('button', { type: 'button', class: 'primary' }, 'close');
  const dialog = make(
    'dialog',
    { 'aria-label': 'Keyboard shortcuts' },
    make('h2', {}, 'Keyboard shortcuts'),
    make(
      'dl',
      {},
      ...[...shortcuts.map(({ shown, about }) => [shown, about]), ...OTHERS].flatMap(
        ([keys = '', about = '']) => [
          make('dt', {}, ...keys.split(' ').map((key) => make('kbd', {}, key))),
          make('dd', {}, about),
        ],
      ),
    ),
    close,
  );
  document.body.append(dialog);
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', ({ target }) => target === dialog && dialog.close());
  const show = (): void => dialog.showModal();

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || dialog.open || isTyping(event.target, event.key))
      return;
    if (event.key === '?') {
      show();
      return;
    }
    const shortcut = shortcuts.find(({ keys }) => keys.includes(event.key));
    if (!shortcut) return;
    event.preventDefault();
    shortcut.action();
  });
  return show;
}

/** What the browser, the list and the panels do with keys. */
const OTHERS = [
  ['↑ ↓ Space', 'in the list: go to another run; show or hide it'],
  ['?', 'this list'],
] as const;

/** Whether a key belongs to the element that has the focus. */
function isTyping(target: EventTarget | null, key: string): boolean {
  if (target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement) return true;
  if (!(target instanceof HTMLInputElement))
    return target instanceof HTMLPreElement && key.startsWith('Arrow');
  if (target.type === 'radio') return key.startsWith('Arrow');
  return target.type !== 'checkbox' || key === ' ';
}
