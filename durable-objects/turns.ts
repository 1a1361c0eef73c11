/** Tasks that await, one after the other in the order they came. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve();

  take<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#last.then(task);
    // The failure is its caller's; the next in line starts all the same.
    this.#last = turn.catch(() => undefined);
    return turn;
  }
}
