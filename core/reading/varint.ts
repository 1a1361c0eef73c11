/**
 * LEB128 varints of up to 53 bits in plain arithmetic: bit operators would cut at 32. Signed numbers are zigzag coded, so
 * that small differences of either sign take one byte.
 */

/** Eight groups of seven bits hold every safe integer. */
const MAX_GROUPS = 8;

export class ByteWriter {
  #bytes: Uint8Array;
  #length = 0;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  unsigned(value: number): void {
    if (this.#length + MAX_GROUPS > this.#bytes.length) this.#grow();
    let rest = value;
    while (rest >= 0x80) {
      this.#bytes[this.#length++] = (rest % 0x80) + 0x80;
      rest = Math.floor(rest / 0x80);
    }
    this.#bytes[this.#length++] = rest;
  }

  signed(value: number): void {
    this.unsigned(value < 0 ? -2 * value - 1 : 2 * value);
  }

  bytes(): Uint8Array {
    return this.#bytes.slice(0, this.#length);
  }

  #grow(): void {
    const larger = new Uint8Array(this.#bytes.length * 2 + MAX_GROUPS);
    larger.set(this.#bytes);
    this.#bytes = larger;
  }
}

/** Reads 0 and raises `failed` at the end of the bytes and at any number that `ByteWriter` would not have written so. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  failed = false;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  atEnd(): boolean {
    return this.#at >= this.#bytes.length;
  }

  unsigned(): number {
    let value = 0;
    let scale = 1;
    for (let group = 0; group < MAX_GROUPS; group += 1) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) break;
      value += (byte % 0x80) * scale;
      if (byte < 0x80) {
        // A last group of zero is a longer way to write a shorter number.
        if ((byte === 0 && group > 0) || value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
      scale *= 0x80;
    }
    this.failed = true;
    return 0;
  }

  signed(): number {
    const coded = this.unsigned();
    return coded % 2 === 1 ? -(coded + 1) / 2 : coded / 2;
  }
}
