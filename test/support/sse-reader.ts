/** Reads `text/event-stream` as the WHATWG rules say, for tests that hold the answer itself. */
export type ReadEvent = { readonly id: string | undefined; readonly event: string; readonly data: unknown };

export class SseReader {
  readonly #reader: ReadableStreamDefaultReader<string>;
  #text = '';
  lastId = '';

  constructor(response: Response) {
    if (response.body === null) throw new Error(`no stream, status ${response.status}`);
    this.#reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  }

  /** The next event; comments and bare fields are skipped. */
  async next(): Promise<ReadEvent> {
    for (;;) {
      const end = this.#text.indexOf('\n\n');
      if (end >= 0) {
        const block = this.#text.slice(0, end);
        this.#text = this.#text.slice(end + 2);
        const fields = new Map(
          block.split('\n').map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim()]),
        );
        const data = fields.get('data');
        const id = fields.get('id');
        if (id !== undefined) this.lastId = id;
        if (data !== undefined) return { id, event: fields.get('event') ?? 'message', data: JSON.parse(data) };
        continue;
      }
      const { done, value } = await this.#reader.read();
      if (done) throw new Error('the stream has ended');
      this.#text += value;
    }
  }

  async isOver(): Promise<boolean> {
    for (;;) {
      const { done } = await this.#reader.read();
      if (done) return true;
    }
  }

  cancel(): Promise<void> {
    return this.#reader.cancel();
  }
}
