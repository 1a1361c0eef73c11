/** Watches a network that works by itself, as a person would: looks again until it is so, and says what never came. */
const LOOK_EVERY_MS = 200;

/** @param look null: not yet */
export async function until<T>(what: string, withinMs: number, look: () => Promise<T | null>): Promise<T> {
  const giveUpMs = Date.now() + withinMs;
  for (;;) {
    const found = await look();
    if (found !== null) return found;
    if (Date.now() > giveUpMs) throw new Error(`after ${withinMs / 1000} s still not: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** The body of an answer, whatever its status. */
export async function getText(url: string): Promise<string> {
  const response = await fetch(url);
  return await response.text();
}

export async function getJson<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} answered ${response.status}: ${await response.text()}`);
  return await response.json<T>();
}
