import type { Choice, Completion, LlmError, LlmRequest, Usage } from '@stack/contracts/llm';
import { inBatches } from '@stack/runtime/batches';
import type { Database } from '@stack/runtime/database';
import { textArray } from '@stack/runtime/text-array';
import type { Span } from '@stack/runtime/tracing';
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
  find(identity: Identity, span?: Span): Promise<Recorded | undefined>;
  /** Adds a row. `false` when the request has one already; that one stays as it is. */
  add(interaction: Interaction, span?: Span): Promise<boolean>;
  check(): Promise<void>;
}

const FIND = `
  select response, request, event_id from qcs_quantum.interactions
  where event_id = $1 or (idempotency_key is not null and consumer = $2 and idempotency_key = $3)
  order by id limit 1`;

interface Row {
  eventId: string;
  key: string | null;
  /** In the order of the columns of `ADD`, first those that are texts. */
  texts: readonly (string | null)[];
  others: readonly (number | boolean | null)[];
}

const ADD = `
  insert into qcs_quantum.interactions
    (event_id, correlation_id, model, engine, request, response, status, consumer, idempotency_key, state,
     prompt_tokens, completion_tokens, latency_ms, cached, cost_usd)
  select event_id, correlation_id, model, engine, request::json, response::json, status, consumer, idempotency_key,
    state::json, prompt_tokens, completion_tokens, latency_ms, cached, cost_usd
  from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
    $10::text[], $11::integer[], $12::integer[], $13::integer[], $14::boolean[], $15::numeric[])
    with ordinality as row (event_id, correlation_id, model, engine, request, response, status, consumer, idempotency_key,
      state, prompt_tokens, completion_tokens, latency_ms, cached, cost_usd, place)
  order by place
  on conflict do nothing
  returning event_id, idempotency_key`;

/**
 * PostgreSQL's classes of errors that a single row may be to blame for, or its place among others: data exceptions,
 * violated constraints, rollbacks as of a deadlock (https://www.postgresql.org/docs/15/errcodes-appendix.html).
 */
const OF_ROWS = /^(22|23|40)/;

export function openInteractions(database: Database): Interactions {
  const adding = { name: 'add an interaction', text: ADD };
  // One commit for all that have come while the one before was written: who is answered is stored all the same.
  const add = inBatches<Row, boolean>(
    async (rows) => {
      const [first] = rows;
      const columns = [
        ...(first?.texts ?? []).map((_, at) => textArray(rows.map(({ texts }) => texts[at] ?? null))),
        ...(first?.others ?? []).map((_, at) => rows.map(({ others }) => others[at])),
      ];
      const { rows: added } = await database.pool.query<{ event_id: string; idempotency_key: string | null }>(
        { ...adding, values: columns },
      );
      const left = new Set(added.map((row) => JSON.stringify([row.event_id, row.idempotency_key])));
      // They come in their order: of two rows of one event and key the first is the one that was added.
      return rows.map(({ eventId, key }) => left.delete(JSON.stringify([eventId, key])));
    },
    (error) => OF_ROWS.test(String((error as { code?: unknown }).code)),
  );

  return {
    async find({ eventId, consumer, idempotencyKey }, span) {
      const { rows } = await database.query<{ response: Outcome; request: LlmRequest; event_id: string }>({
        name: 'find an interaction',
        text: FIND,
        values: [eventId, consumer, idempotencyKey ?? null],
        span,
      });
      const [row] = rows;
      return row && { outcome: row.response, request: row.request, eventId: row.event_id };
    },
    add: (interaction, span) => database.traced({ ...adding, span }, () => add(rowOf(interaction))),
    async check() {
      await database.pool.query('select 1 from qcs_quantum.interactions limit 0');
    },
  };
}

function rowOf(interaction: Interaction): Row {
  const { outcome } = interaction;
  const completed = outcome.status === 'completed' ? outcome : undefined;
  // What may go better next time must not answer the next try with the same key.
  const passing =
    outcome.status === 'failed' && (outcome.error.status >= 500 || outcome.error.status === 499);
  const key = passing ? null : (interaction.idempotencyKey ?? null);
  const texts = [
    interaction.eventId,
    interaction.correlationId,
    interaction.model,
    interaction.engine,
    JSON.stringify(interaction.request),
    JSON.stringify(outcome),
    outcome.status,
    interaction.consumer,
    key,
    interaction.state === undefined ? null : JSON.stringify(interaction.state),
  ];
  const others = [
    completed?.usage.prompt_tokens ?? 0,
    completed?.usage.completion_tokens ?? 0,
    interaction.latencyMs,
    completed?.completion.cached ?? false,
    interaction.cost ?? null,
  ];
  return { eventId: interaction.eventId, key, texts, others };
}
