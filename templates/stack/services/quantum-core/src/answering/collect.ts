import type { Choice, ChoiceDelta, Usage } from '@stack/contracts/llm';
import type { EngineOutput } from './engine.ts';

/** Puts the pieces of a streamed answer together again. */
export interface Collector {
  add(output: EngineOutput): void;
  choices(): Choice[];
  readonly usage: Usage | undefined;
}

type Fields = Record<string, unknown>;

export function createCollector(): Collector {
  const messages = new Map<number, Fields>();
  const others = new Map<number, Fields>();
  let usage: Usage | undefined;

  const add = ({ index, delta, ...other }: ChoiceDelta) => {
    messages.set(index, merge(messages.get(index) ?? {}, delta));
    others.set(index, mergeOthers(others.get(index) ?? {}, other));
  };

  return {
    add(output) {
      output.choices.forEach(add);
      usage = output.usage ?? usage;
    },
    choices() {
      return [...messages.keys()]
        .sort((a, b) => a - b)
        .map((index) => {
          const { content, ...message } = messages.get(index) ?? {};
          const { finish_reason, ...other } = others.get(index) ?? {};
          return {
            ...other,
            index,
            message: {
              ...wholeCalls(message),
              role: 'assistant' as const,
              content: typeof content === 'string' ? content : null,
            },
            finish_reason: typeof finish_reason === 'string' && finish_reason !== '' ? finish_reason : 'stop',
          };
        });
    },
    get usage() {
      return usage;
    },
  };
}

/** In a whole message the calls stand in their order, and carry no index any more. */
function wholeCalls({ tool_calls: calls, ...message }: Fields): Fields {
  if (!Array.isArray(calls)) return message;
  return { ...message, tool_calls: calls.map((call) => (isFields(call) ? withoutIndex(call) : call)) };
}

function withoutIndex({ index: _, ...call }: Fields): Fields {
  return call;
}

/** What stands beside a delta is no addition: lists (the logprobs) go on, anything else is the newest that was said. */
function mergeOthers(into: Fields, other: Fields): Fields {
  const merged = { ...into };
  for (const [name, added] of Object.entries(other)) {
    const present = merged[name];
    if (added === null || added === undefined) merged[name] ??= added;
    else if (Array.isArray(present) && Array.isArray(added)) merged[name] = [...present, ...added];
    else if (isFields(present) && isFields(added)) merged[name] = mergeOthers(present, added);
    else merged[name] = added;
  }
  return merged;
}

/** Fields that name something are set once; every other text is continued. */
const NAMES = new Set(['role', 'id', 'type', 'name', 'index', 'finish_reason']);

/**
 * OpenAI's rule for deltas: texts are continued, objects merged, lists whose items carry an index merged by it,
 * other lists continued, anything else replaced.
 */
function merge(into: Fields, delta: Fields): Fields {
  const merged = { ...into };
  for (const [name, added] of Object.entries(delta)) {
    const present = merged[name];
    if (added === null || added === undefined || (added === '' && NAMES.has(name))) merged[name] ??= added;
    else if (typeof present === 'string' && typeof added === 'string' && !NAMES.has(name))
      merged[name] = present + added;
    else if (Array.isArray(added)) merged[name] = mergeLists(Array.isArray(present) ? present : [], added);
    else if (isFields(present) && isFields(added)) merged[name] = merge(present, added);
    else merged[name] = added;
  }
  return merged;
}

function mergeLists(into: unknown[], added: unknown[]): unknown[] {
  const merged = [...into];
  for (const item of added) {
    const place =
      isFields(item) && Number.isInteger(item.index)
        ? merged.findIndex((other) => isFields(other) && other.index === item.index)
        : -1;
    const present = merged[place];
    if (isFields(item) && isFields(present)) merged[place] = merge(present, item);
    else merged.push(item);
  }
  return merged;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
