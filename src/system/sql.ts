import type { SqlConnect } from '../context.ts';
import { numberOf, parseJson } from '../json.ts';

type Parser = (text: string) => unknown;

/** `numeric` knows these, too. */
const NO_NUMBER = /^(NaN|-?Infinity)$/;
const exact: Parser = (text) => (NO_NUMBER.test(text) ? text : numberOf(text));

/**
 * Types that `pg` gives as texts (numbers of 64 bits and more) or rounds (numbers in JSON), by their ids in `pg_type`,
 * each with that of its array.
 */
const EXACT: readonly (readonly [id: number, arrayId: number, parse: Parser])[] = [
  [20, 1016, exact],
  [1700, 1231, exact],
  [114, 199, parseJson],
  [3802, 3807, parseJson],
];
const TEXT_ARRAY = 1009;

/** PostgreSQL through `pg`, loaded when first used. One connection, no pool. */
export const connectSql: SqlConnect = async (url, { timeoutMs }) => {
  const { default: pg } = await import('pg');
  const textsOf = pg.types.getTypeParser(TEXT_ARRAY as never, 'text') as Parser;
  const parsers = new Map<number, Parser>(
    EXACT.flatMap(([id, arrayId, parse]) => [
      [id, parse],
      [arrayId, (text: string) => each(textsOf(text), parse)],
    ]),
  );
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: timeoutMs,
    query_timeout: timeoutMs,
    application_name: 'qbtc',
    types: { getTypeParser: (id, format) => parsers.get(id) ?? pg.types.getTypeParser(id, format) },
  });
  // A server that goes away while nothing is asked must not end the command: the next query tells.
  client.on('error', () => {});
  await client.connect().catch(refuse);
  return {
    async query(text, values) {
      const result = await client.query(text, values === undefined ? undefined : [...values]).catch(refuse);
      // A text of several statements gives an array of results.
      const last = Array.isArray(result) ? result.at(-1) : result;
      return { rows: last?.rows ?? [] };
    },
    async close() {
      await client.end();
    },
  };
};

/** What `pg` says of a connection that is cut, or takes too long: PostgreSQL and the system name a code, `pg` does not. */
const LOST = /^(Connection terminated|timeout expired|Query read timeout|Client .*not queryable)/;

function refuse(error: unknown): never {
  if (error instanceof Error && !('code' in error) && LOST.test(error.message))
    throw Object.assign(error, { code: 'CONNECTION_LOST' });
  throw error;
}

/** Of an array of any depth; what is NULL stays it. */
function each(value: unknown, parse: Parser): unknown {
  if (Array.isArray(value)) return value.map((entry) => each(entry, parse));
  return typeof value === 'string' ? parse(value) : value;
}
