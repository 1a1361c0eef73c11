/** Reads JSON values of a wanted shape and gathers what is wrong. Where something is, it goes on with a harmless value. */
export type ConfigMistake = {
  /** RFC 6901; empty: the whole file. */
  readonly pointer: string;
  readonly expected: string;
};

export const pointer = (at: string, member: string): string =>
  `${at}/${member.replaceAll('~', '~0').replaceAll('/', '~1')}`;

export class Checker {
  readonly mistakes: ConfigMistake[] = [];

  mistake(at: string, expected: string): void {
    this.mistakes.push({ pointer: at, expected });
  }

  /** `known` null: any members. */
  object(given: unknown, at: string, known: readonly string[] | null): Readonly<Record<string, unknown>> {
    if (typeof given !== 'object' || given === null || Array.isArray(given)) {
      // Said once: the same object is looked at again when its format is known.
      if (!this.mistakes.some((mistake) => mistake.pointer === at)) this.mistake(at, 'an object');
      return {};
    }
    for (const name of Object.keys(given))
      if (known !== null && !known.includes(name))
        this.mistake(pointer(at, name), `no such member; there are ${known.join(', ')}`);
    return { ...given };
  }

  list(given: unknown, at: string, most: number): readonly unknown[] {
    if (Array.isArray(given) && given.length > 0 && given.length <= most) return given;
    this.mistake(at, `a list of 1 to ${most} devices`);
    return [];
  }

  text(given: unknown, at: string, shape: RegExp, expected: string): string {
    if (typeof given === 'string' && shape.test(given)) return given;
    this.mistake(at, expected);
    return '';
  }

  integer(given: unknown, at: string, least: number, most: number): number {
    if (typeof given === 'number' && Number.isInteger(given) && given >= least && given <= most) return given;
    this.mistake(at, `a whole number from ${least} to ${most}`);
    return least;
  }

  oneOf<const T extends string>(given: unknown, at: string, allowed: readonly [T, ...T[]]): T {
    const found = allowed.find((one) => one === given);
    if (found === undefined) this.mistake(at, `one of ${allowed.join(', ')}`);
    return found ?? allowed[0];
  }

  url(given: unknown, at: string): string | null {
    const url = typeof given === 'string' ? URL.parse(given) : null;
    if (url !== null && /^https?:$/.test(url.protocol)) return url.href;
    this.mistake(at, 'an address that begins with https://');
    return null;
  }
}
