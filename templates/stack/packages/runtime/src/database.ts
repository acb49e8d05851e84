import pg from 'pg';
import { reasonOf } from './errors.ts';
import type { Log } from './logging.ts';
import { PATIENCE } from './patience.ts';
import { type Span, SpanKind, type Tracing } from './tracing/index.ts';

export interface Query {
  /** Prepared once on each connection under this name; also the name of its span. */
  name: string;
  text: string;
  values?: readonly unknown[];
  /** What it is asked for: its own span lies below that one. */
  span?: Span | undefined;
}

export interface Database {
  /** The rows. @throws while the database is away, within seconds */
  query<Row extends object>(query: Query): Promise<{ rows: Row[]; rowCount: number }>;
  /** Does the work in the span of such a query: for one that is carried out together with those of others. */
  traced<Result>(query: Query, work: () => Promise<Result>): Promise<Result>;
  /** For what needs a connection of its own, such as the inbox of the bus. */
  readonly pool: pg.Pool;
  close(): Promise<void>;
}

/** A pool of connections to PostgreSQL; those that break are replaced when the next is needed. */
export function openDatabase(options: {
  url: string;
  service: string;
  log: Log;
  tracing: Tracing;
  maxConnections?: number;
}): Database {
  const { log, tracing } = options;
  const pool = new pg.Pool({
    connectionString: options.url,
    max: options.maxConnections ?? 8,
    connectionTimeoutMillis: PATIENCE.connect,
    query_timeout: PATIENCE.query,
    application_name: options.service,
  });
  pool.on('error', (error) => log.warn('lost a connection to the database', { error: reasonOf(error) }));
  // The pool hears of idle ones only. One that breaks in somebody's hands tells so by the query that fails, or by the
  // next; without a listener of its own the event would end the process.
  pool.on('connect', (client) => client.on('error', () => {}));

  const traced: Database['traced'] = ({ name, text, span }, work) =>
    tracing.child(
      span,
      name,
      {
        kind: SpanKind.CLIENT,
        attributes: { 'db.system.name': 'postgresql', 'db.query.text': text.trim() },
      },
      work,
    );

  return {
    pool,
    traced,
    query: <Row extends object>(query: Query) =>
      traced(query, async () => {
        const { name, text, values = [] } = query;
        const { rows, rowCount } = await pool.query<Row>({ name, text, values: [...values] });
        return { rows, rowCount: rowCount ?? 0 };
      }),
    close: () => pool.end(),
  };
}
