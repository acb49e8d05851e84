import type { Choice, Completion, LlmError, LlmRequest, Usage } from '@stack/contracts/llm';
import type { Log } from '@stack/runtime/logging';
import pg from 'pg';

/** What a request came to: an answer or an error. */
export type Outcome =
  | { status: 'completed'; completion: Completion; choices: Choice[]; usage: Usage }
  | { status: 'failed'; error: LlmError };

export interface Interaction {
  eventId: string;
  correlationId: string;
  engine: string;
  request: LlmRequest;
  outcome: Outcome;
  latencyMs: number;
}

/** The table qcs_quantum.interactions. Every method rejects when the database is away. */
export interface Interactions {
  /** What the event came to when it was here before. */
  find(eventId: string): Promise<Outcome | undefined>;
  /** Adds a row. `false` when the event has one already; that one stays as it is. */
  add(interaction: Interaction): Promise<boolean>;
  check(): Promise<void>;
  close(): Promise<void>;
}

const ADD = `
  insert into qcs_quantum.interactions
    (event_id, correlation_id, model, engine, request, response, prompt_tokens, completion_tokens, latency_ms, cached, status)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
  on conflict (event_id) do nothing`;

export function openInteractions(options: { url: string; log: Log }): Interactions {
  const pool = new pg.Pool({
    connectionString: options.url,
    max: 8,
    connectionTimeoutMillis: 2000,
    query_timeout: 5000,
    application_name: 'quantum-core',
  });
  // An idle connection that breaks is replaced when the next is needed.
  pool.on('error', (error) =>
    options.log.warn('lost a connection to the database', { error: error.message }),
  );

  return {
    async find(eventId) {
      const { rows } = await pool.query<{ response: Outcome }>({
        name: 'find',
        text: 'select response from qcs_quantum.interactions where event_id = $1',
        values: [eventId],
      });
      return rows[0]?.response;
    },
    async add({ eventId, correlationId, engine, request, outcome, latencyMs }) {
      const completed = outcome.status === 'completed' ? outcome : undefined;
      const { rowCount } = await pool.query({
        name: 'add',
        text: ADD,
        values: [
          eventId,
          correlationId,
          request.model,
          engine,
          JSON.stringify(request),
          JSON.stringify(outcome),
          completed?.usage.prompt_tokens ?? 0,
          completed?.usage.completion_tokens ?? 0,
          latencyMs,
          completed?.completion.cached ?? false,
          outcome.status,
        ],
      });
      return rowCount === 1;
    },
    async check() {
      await pool.query('select 1 from qcs_quantum.interactions limit 0');
    },
    close: () => pool.end(),
  };
}
