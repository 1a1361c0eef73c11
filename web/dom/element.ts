/** Elements from data. Text goes in as text nodes only: nothing here parses markup, so a station may be called `<b>`. */
export type Child = Node | string | null | false;
type Value = string | number | boolean | null;

const SVG = 'http://www.w3.org/2000/svg';

export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, Value>> = {},
  ...children: readonly (Child | readonly Child[])[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children);
}

export function svg(
  tag: string,
  attributes: Readonly<Record<string, Value>> = {},
  ...children: readonly (Child | readonly Child[])[]
): SVGElement {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

function fill<E extends Element>(
  element: E,
  attributes: Readonly<Record<string, Value>>,
  children: readonly (Child | readonly Child[])[],
): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === false) continue;
    element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children.flat()) {
    if (child !== null && child !== false) element.append(child);
  }
  return element;
}

/** The element of index.html with this id. Its absence is a bug of the page, not of the data. */
export function byId(id: string): HTMLElement {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`index.html has no #${id}`);
  return element;
}
