/** What an object is billed for, counted while it runs. */

export type Counted = { readonly storage: DurableObjectStorage; rowsWritten(): number };

/**
 * The object's own storage, with every write counted as it is billed: rows of SQL, and one for each alarm set. Alarms are
 * counted but not set: these tests pass the time in, and a real alarm would come with today's.
 */
export function counted(storage: DurableObjectStorage): Counted {
  const cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[] = [];
  let alarms = 0;
  const sql = new Proxy(storage.sql, {
    get: (target, key) =>
      key === 'exec'
        ? (query: string, ...bindings: unknown[]) => {
            const cursor = target.exec(query, ...bindings);
            cursors.push(cursor);
            return cursor;
          }
        : Reflect.get(target, key, target),
  });
  const proxy = new Proxy(storage, {
    get: (target, key) => {
      if (key === 'sql') return sql;
      if (key === 'setAlarm')
        return async () => {
          alarms += 1;
        };
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { storage: proxy, rowsWritten: () => cursors.reduce((sum, cursor) => sum + cursor.rowsWritten, alarms) };
}
