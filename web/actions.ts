/** One listener for every control: views only name what a control does (`data-action`). */
import type { SortKey, Store } from './live/store.ts';
import type { Fit, StationMap } from './map/map.ts';

type Page = { readonly draw: () => void; readonly refresh: () => void };

const COPIED_MS = 1500;
const MORE_EPOCHS = 30;

export function handleActions(store: Store, map: StationMap, page: Page): void {
  document.addEventListener('click', (event) => {
    const control = event.target instanceof Element ? event.target.closest<HTMLElement>('button[data-action]') : null;
    if (control === null) return;
    const { action, sort, epoch, fit, copy } = control.dataset;
    if (action === 'retry') page.refresh();
    if (action === 'sort' && isSortKey(sort)) {
      store.sort = { key: sort, descending: store.sort.key === sort && !store.sort.descending };
      page.draw();
    }
    if (action === 'epoch') toggleEpoch(store, Number(epoch), page);
    if (action === 'more-epochs') {
      store.epochRows += MORE_EPOCHS;
      page.draw();
    }
    if (action === 'fit' && isFit(fit)) map.fit(store, fit);
    if (action === 'copy' && copy !== undefined) void copyText(control, copy);
  });
  document.addEventListener('change', (event) => {
    if (!(event.target instanceof HTMLSelectElement) || event.target.dataset['action'] !== 'map-quantity') return;
    store.mapQuantity = event.target.value;
    page.draw();
  });
}

function toggleEpoch(store: Store, epoch: number, page: Page): void {
  if (store.openEpochs.delete(epoch)) {
    page.draw();
    return;
  }
  store.openEpochs.add(epoch);
  page.draw();
  page.refresh();
}

/** Without a secure context there is no clipboard: then the text is selected, ready for the reader's own copy command. */
async function copyText(control: HTMLElement, text: string): Promise<void> {
  const code = control.previousElementSibling;
  try {
    await navigator.clipboard.writeText(text);
    control.classList.add('copied');
    setTimeout(() => control.classList.remove('copied'), COPIED_MS);
  } catch {
    if (code === null) return;
    code.textContent = text;
    getSelection()?.selectAllChildren(code);
  }
}

function isSortKey(value: string | undefined): value is SortKey {
  return value === 'name' || value === 'state' || value === 'score';
}

function isFit(value: string | undefined): value is Fit {
  return value === 'stations' || value === 'region' || value === 'world';
}
