/** A table in the format that was asked for, with the headers that belong to it. */
import { encodeTable } from '../../core/query/encode.ts';
import { contentTypeOf, type Format } from '../../core/query/formats.ts';
import { linkHeader, type Table, type TableFacts } from '../../core/query/table.ts';

export type Encoded = {
  readonly contentType: string;
  readonly body: string | Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
};

/** `name`: what a browser or `curl -OJ` calls the file, without its ending. */
export async function encodeAs<Row>(
  table: Table<Row>,
  facts: TableFacts,
  format: Format,
  name: string,
): Promise<Encoded> {
  return {
    contentType: contentTypeOf(format),
    body: format === 'parquet' ? await parquet(table, facts) : encodeTable(table, facts, format),
    headers: {
      link: linkHeader(facts),
      'content-disposition': `inline; filename="${name}.${format}"`,
    },
  };
}

async function parquet<Row>(table: Table<Row>, facts: TableFacts): Promise<Uint8Array<ArrayBuffer>> {
  const { encodeParquet } = await import('../../durable-objects/parquet.ts');
  return encodeParquet(table, facts);
}
