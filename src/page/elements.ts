/**
 * The page's elements, found by id and made by hand. What comes from the server goes in as text only: nothing here
 * parses markup.
 */

/** The element of page.html with this id. @throws {Error} when it is not there, or another kind of element. */
export function find<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof kind)) throw new Error(`page.html has no ${kind.name} #${id}`);
  return element;
}

export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  given: { readonly text?: string; readonly className?: string } = {},
  children: readonly HTMLElement[] = [],
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  if (given.className !== undefined) element.className = given.className;
  if (given.text !== undefined) element.textContent = given.text;
  element.append(...children);
  return element;
}

/** Sets a text only when it differs: a text that is set anew is read out anew, and loses a reader's selection. */
export function say(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows a number as people read it, and keeps the exact one as the element's value. */
export function showNumber(element: HTMLDataElement, value: number, text: string): void {
  element.value = String(value);
  say(element, text);
}

/** The head of a column, or of a row. */
export function headOf(text: string, scope: 'col' | 'row', className = ''): HTMLTableCellElement {
  const cell = make('th', { text, className });
  cell.scope = scope;
  return cell;
}
