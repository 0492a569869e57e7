/** @file Creates elements. Text is always set as text, so that a name cannot become HTML. */

type Listener = (event: Event) => void;
type Attribute = string | number | boolean | null | Listener;

/**
 * Creates an element.
 *
 * @param attributes `on…` names are listeners; true sets an empty attribute, false and null none
 */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, Attribute>> = {},
  ...children: readonly (Node | string)[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== null) element.setAttribute(name, String(value));
  }
  element.append(...children);
  return element;
}

/**
 * The element of index.html with an id.
 *
 * @throws {Error} if there is none
 */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (!element) throw new Error(`index.html has no element ${id}`);
  return element;
}

/** Sets the text of an element if it differs, so that unchanged parts of the page are not laid out again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** A table of text: the heading, then the rows; the first column has the names of the rows. */
export function tableOf(
  [head = [], ...rows]: readonly (readonly (string | Node)[])[],
  classes: readonly string[] = [],
): HTMLTableElement {
  const cells = (tag: 'th' | 'td', row: readonly (string | Node)[]): HTMLElement[] =>
    row.map((cell) => make(tag, tag === 'th' ? { scope: 'col' } : {}, cell));
  return make(
    'table',
    {},
    make('thead', {}, make('tr', {}, ...cells('th', head))),
    make(
      'tbody',
      {},
      ...rows.map((row, index) => make('tr', { class: classes[index] ?? null }, ...cells('td', row))),
    ),
  );
}
