import { type ComplexVector, fidelity, metricsOf, type StateMetrics, stateOf } from '@stack/analysis/state';
import { textVector } from '@stack/analysis/text';
import type { ChatMessage, Choice } from '@stack/contracts/llm';
import type { Database } from '@stack/runtime/database';
import type { Span } from '@stack/runtime/tracing';
import { fromColumn, toColumn } from '../vectors.ts';
import { textOf } from './message-text.ts';

/** What is known of a conversation: its last turns, oldest first. */
export interface Memory {
  messages: ChatMessage[];
  vectors: ComplexVector[];
}

/** Whose conversation. Two consumers may give theirs the same id. */
export interface ConversationId {
  consumer: string;
  id: string;
}

/** The turns of conversations, in qcs_quantum.turns. */
export interface Conversations {
  recall(conversation: ConversationId, span?: Span): Promise<Memory>;
  /** Adds what an event has said; a second time for the same event nothing is added. */
  add(
    conversation: ConversationId,
    eventId: string,
    messages: readonly ChatMessage[],
    span?: Span,
  ): Promise<void>;
}

/** So many turns are remembered at most. */
const TURNS = 64;

const RECALL = `
  select message, vector from (
    select id, message, vector from qcs_quantum.turns
    where consumer = $1 and conversation_id = $2 order by id desc limit ${TURNS}
  ) as last order by id`;

// A list of lists would have to be of one length in PostgreSQL, so the vectors come as JSON.
const ADD = `
  insert into qcs_quantum.turns (consumer, conversation_id, event_id, place, message, vector)
  select $1, $2, $3, turn.place - 1, turn.value -> 'message',
    case when json_typeof(turn.value -> 'vector') = 'array'
      then array(select json_array_elements_text(turn.value -> 'vector')::double precision) end
  from json_array_elements($4::json) with ordinality as turn (value, place)
  on conflict (event_id, place) do nothing`;

export function openConversations(database: Database): Conversations {
  return {
    async recall({ consumer, id }, span) {
      const { rows } = await database.query<{ message: ChatMessage; vector: number[] | null }>({
        name: 'recall a conversation',
        text: RECALL,
        values: [consumer, id],
        span,
      });
      return {
        messages: rows.map(({ message }) => message),
        vectors: rows.flatMap(({ vector }) => (vector === null ? [] : [fromColumn(vector)])),
      };
    },
    async add({ consumer, id }, eventId, messages, span) {
      const turns = messages.map((message) => {
        const vector = textVector(textOf(message));
        return { message, vector: vector === undefined ? null : toColumn(vector) };
      });
      await database.query({
        name: 'add to a conversation',
        text: ADD,
        values: [consumer, id, eventId, JSON.stringify(turns)],
        span,
      });
    },
  };
}

/** The messages with what is remembered before them; instructions to the model stay first. */
export function withMemory(messages: readonly ChatMessage[], memory: Memory): ChatMessage[] {
  const instructions = messages.findIndex(({ role }) => role !== 'system' && role !== 'developer');
  const first = instructions === -1 ? messages.length : instructions;
  return [...messages.slice(0, first), ...memory.messages, ...messages.slice(first)];
}

/** What is worth remembering of a request: what was said, not how the model is to behave. */
export function turnsOf(messages: readonly ChatMessage[], choices: readonly Choice[]): ChatMessage[] {
  const said = messages.filter(({ role }) => role !== 'system' && role !== 'developer');
  const [choice] = choices;
  return choice === undefined ? said : [...said, choice.message as ChatMessage];
}

/** The state of a conversation, and how much it is like the stored one from before: its resonance. */
export type ConversationState = StateMetrics & { resonance: number | null };

/**
 * The metrics of the state of all that was said, weighted by how recent it is (`@stack/analysis/state`). The resonance
 * is the fidelity to the state that was stored before; `null` where nothing was.
 */
export function stateOfConversation(
  before: readonly ComplexVector[],
  messages: readonly ChatMessage[],
  choices: readonly Choice[],
): ConversationState {
  const said = turnsOf(messages, choices).flatMap((message) => textVector(textOf(message)) ?? []);
  const former = before.slice(-TURNS);
  const state = stateOf([...former, ...said].slice(-TURNS));
  return { ...metricsOf(state), resonance: former.length === 0 ? null : fidelity(state, stateOf(former)) };
}
