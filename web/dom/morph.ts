/**
 * Changes a live tree into a freshly built one by the fewest edits, so that a poll never flickers and never loses focus,
 * selection or scroll. Children with `data-key` are matched by it, the others by position and tag.
 */
export function morph(current: Element, next: readonly Node[]): void {
  const keyed = new Map<string, Element>();
  for (const child of current.children) {
    const key = keyOf(child);
    if (key !== null) keyed.set(key, child);
  }
  let at: ChildNode | null = current.firstChild;
  for (const wanted of next) {
    const key = wanted instanceof Element ? keyOf(wanted) : null;
    const match: ChildNode | null = key === null ? samePlace(at, wanted) : (keyed.get(key) ?? null);
    if (match === null) {
      current.insertBefore(wanted, at);
      continue;
    }
    if (match === at) at = at.nextSibling;
    else current.insertBefore(match, at);
    update(match, wanted);
    if (key !== null) keyed.delete(key);
  }
  while (at !== null) {
    const rest: ChildNode | null = at.nextSibling;
    at.remove();
    at = rest;
  }
}

function samePlace(at: ChildNode | null, wanted: Node): ChildNode | null {
  if (at === null || at.nodeName !== wanted.nodeName) return null;
  return at instanceof Element && keyOf(at) !== null ? null : at;
}

function update(match: ChildNode, wanted: Node): void {
  if (match instanceof Element && wanted instanceof Element) {
    if (match.isEqualNode(wanted)) return;
    syncAttributes(match, wanted);
    // A select keeps what its user chose; its options change only when the list does.
    if (match instanceof HTMLSelectElement && wanted instanceof HTMLSelectElement && document.activeElement === match)
      return;
    morph(match, [...wanted.childNodes]);
    if (match instanceof HTMLSelectElement && wanted instanceof HTMLSelectElement) match.value = wanted.value;
  } else if (match.nodeValue !== wanted.nodeValue) {
    match.nodeValue = wanted.nodeValue;
  }
}

function syncAttributes(match: Element, wanted: Element): void {
  for (const { name, value } of wanted.attributes) {
    if (match.getAttribute(name) !== value) match.setAttribute(name, value);
  }
  for (const name of match.getAttributeNames()) {
    if (!wanted.hasAttribute(name)) match.removeAttribute(name);
  }
}

function keyOf(element: Element): string | null {
  return element.getAttribute('data-key');
}
