import type { Choice, Completion, LlmError, LlmRequest, Usage } from '@stack/contracts/llm';
import type { Database } from '@stack/runtime/database';
import type { ConversationState } from './conversations.ts';

/** What a request came to: an answer or an error. */
export type Outcome =
  | { status: 'completed'; completion: Completion; choices: Choice[]; usage: Usage }
  | { status: 'failed'; error: LlmError };

/** What tells that two events are the same request: their id, or the key that their consumer has given both. */
export interface Identity {
  eventId: string;
  consumer: string;
  idempotencyKey: string | undefined;
}

export interface Interaction extends Identity {
  correlationId: string;
  /** The engine and the model that have answered. */
  engine: string;
  model: string;
  request: LlmRequest;
  outcome: Outcome;
  latencyMs: number;
  /** In US dollars; `undefined` when nobody knows. */
  cost: number | undefined;
  state: ConversationState | undefined;
}

/** What a request came to when it was here before, how it read then, and the id of its event. */
export interface Recorded {
  outcome: Outcome;
  request: LlmRequest;
  eventId: string;
}

/** The table qcs_quantum.interactions. Every method rejects when the database is away. */
export interface Interactions {
  find(identity: Identity): Promise<Recorded | undefined>;
  /** Adds a row. `false` when the request has one already; that one stays as it is. */
  add(interaction: Interaction): Promise<boolean>;
  check(): Promise<void>;
}

const FIND = `
  select response, request, event_id from qcs_quantum.interactions
  where event_id = $1 or (idempotency_key is not null and consumer = $2 and idempotency_key = $3)
  order by id limit 1`;

const ADD = `
  insert into qcs_quantum.interactions
    (event_id, correlation_id, model, engine, request, response, prompt_tokens, completion_tokens, latency_ms, cached,
     status, consumer, idempotency_key, cost_usd, state)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
  on conflict do nothing`;

export function openInteractions(database: Database): Interactions {
  return {
    async find({ eventId, consumer, idempotencyKey }) {
      const { rows } = await database.query<{ response: Outcome; request: LlmRequest; event_id: string }>({
        name: 'find an interaction',
        text: FIND,
        values: [eventId, consumer, idempotencyKey ?? null],
      });
      const [row] = rows;
      return row && { outcome: row.response, request: row.request, eventId: row.event_id };
    },
    async add(interaction) {
      const { outcome } = interaction;
      const completed = outcome.status === 'completed' ? outcome : undefined;
      // What may go better next time must not answer the next try with the same key.
      const passing =
        outcome.status === 'failed' && (outcome.error.status >= 500 || outcome.error.status === 499);
      const { rowCount } = await database.query({
        name: 'add an interaction',
        text: ADD,
        values: [
          interaction.eventId,
          interaction.correlationId,
          interaction.model,
          interaction.engine,
          JSON.stringify(interaction.request),
          JSON.stringify(outcome),
          completed?.usage.prompt_tokens ?? 0,
          completed?.usage.completion_tokens ?? 0,
          interaction.latencyMs,
          completed?.completion.cached ?? false,
          outcome.status,
          interaction.consumer,
          passing ? null : (interaction.idempotencyKey ?? null),
          interaction.cost ?? null,
          interaction.state === undefined ? null : JSON.stringify(interaction.state),
        ],
      });
      return rowCount === 1;
    },
    async check() {
      await database.pool.query('select 1 from qcs_quantum.interactions limit 0');
    },
  };
}
