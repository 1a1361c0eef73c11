/** D1 with its statements counted, and the rows that it says it read. */

export type CountedDatabase = { readonly db: D1Database; statements(): number; rowsRead(): number };

export function countedDatabase(db: D1Database): CountedDatabase {
  let statements = 0;
  let rowsRead = 0;
  const wrap = (statement: D1PreparedStatement): D1PreparedStatement =>
    new Proxy(statement, {
      get: (target, key) => {
        if (key === 'bind') return (...values: unknown[]) => wrap(target.bind(...values));
        if (key === 'all')
          return async () => {
            statements += 1;
            const result = await target.all();
            rowsRead += result.meta.rows_read;
            return result;
          };
        const value: unknown = Reflect.get(target, key, target);
        if (typeof value !== 'function') return value;
        return (...given: unknown[]) => {
          statements += 1;
          return Reflect.apply(value, target, given) as unknown;
        };
      },
    });
  const counted = new Proxy(db, {
    get: (target, key) => {
      if (key === 'prepare') return (query: string) => wrap(target.prepare(query));
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === 'function' ? value.bind(target) : value;
    },
  });
  return { db: counted, statements: () => statements, rowsRead: () => rowsRead };
}
