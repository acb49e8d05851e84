import type { ChoiceDelta, Usage } from '@stack/contracts/llm';
import { type EngineOutput, failure } from '../engine.ts';
import { isCount, isObject } from './json.ts';
import { errorFrom, errorSaidIn } from './said-error.ts';
import { createToolCalls } from './tool-calls.ts';
import { brokeOff, otherForm } from './upstream.ts';

/** Reads the chunks of one answer. */
export interface ChunkReader {
  /** What a chunk, or a whole completion, adds. @throws {EngineError} for one that tells of an error */
  read(chunk: unknown): EngineOutput;
  /** Every choice that has begun has ended. */
  readonly isComplete: boolean;
  /**
   * What is still to be said at the end of the answer.
   *
   * @param isWhole the endpoint itself has said that this is the end
   * @throws {EngineError} when choices have not ended
   */
  end(isWhole: boolean): EngineOutput[];
}

interface ChoiceState {
  calls: ReturnType<typeof createToolCalls>;
  ended: boolean;
}

/**
 * Reads chunks as OpenAI describes them and as servers send them: choices without `delta` (the chunks of Azure's
 * content filter) or with a whole `message`, no `index`, `finish_reason: ""` for null, contents in parts (Mistral).
 */
export function createChunkReader(): ChunkReader {
  const states = new Map<number, ChoiceState>();

  const choice = (given: unknown, place: number): ChoiceDelta[] => {
    if (given === null) return [];
    if (!isObject(given)) throw otherForm();
    const { index: givenIndex, delta, message, finish_reason: reason, error, ...others } = given;
    if (isObject(error)) throw errorFrom(errorSaidIn({ error }));
    if (reason === 'error')
      throw failure(502, 'The engine reported an error.', 'engine_failed', { fault: 'answer' });
    const index = isIndex(givenIndex) ? givenIndex : place;
    const isNew = !states.has(index);
    const added = delta ?? (isNew ? message : undefined) ?? {};
    // A choice with a `text` is one of the API before chat.
    if (!isObject(added) || (delta === undefined && message === undefined && 'text' in given))
      throw otherForm();
    const state = states.get(index) ?? { calls: createToolCalls(), ended: false };
    states.set(index, state);
    const ends = typeof reason === 'string' && reason !== '';
    state.ended ||= ends;
    const said = deltaOf(added, state);
    // Clients ask for the role, and some servers never name it.
    const whole = isNew ? { role: 'assistant', ...said } : said;
    return [{ ...others, index, delta: whole, finish_reason: ends ? reason : null }];
  };

  return {
    read(chunk) {
      const said = errorSaidIn(chunk);
      if (said !== undefined) throw errorFrom(said);
      if (!isObject(chunk)) throw otherForm();
      const choices = Array.isArray(chunk.choices) ? chunk.choices.flatMap(choice) : [];
      const usage = usageIn(chunk.usage);
      return usage === undefined ? { choices } : { choices, usage };
    },

    get isComplete() {
      return states.size > 0 && [...states.values()].every(({ ended }) => ended);
    },

    end(isWhole) {
      const open = [...states].filter(([, { ended }]) => !ended);
      if (states.size === 0 || (open.length > 0 && !isWhole)) throw brokeOff();
      if (open.length === 0) return [];
      return [
        {
          choices: open.map(([index, { calls }]) => ({
            index,
            delta: {},
            finish_reason: calls.count > 0 ? 'tool_calls' : 'stop',
          })),
        },
      ];
    },
  };
}

/** Clients make a list as long as the highest number; nobody can ask for more choices than the contract takes. */
const MOST_CHOICES = 128;

function isIndex(value: unknown): value is number {
  return isCount(value) && value < MOST_CHOICES;
}

function deltaOf(given: Record<string, unknown>, { calls }: ChoiceState): ChoiceDelta['delta'] {
  const { role, content, tool_calls: toolCalls, ...others } = given;
  return {
    ...others,
    ...(typeof role === 'string' && role !== '' ? { role } : {}),
    ...(content === undefined ? {} : contentOf(content)),
    ...(Array.isArray(toolCalls) && toolCalls.length > 0 ? { tool_calls: calls.numbered(toolCalls) } : {}),
  };
}

/** A content in parts as one text; what a part has thought is no part of it. */
function contentOf(content: unknown): Record<string, unknown> {
  if (!Array.isArray(content)) return { content: typeof content === 'string' ? content : null };
  const parts = content.filter(isObject);
  const texts = (list: Record<string, unknown>[]) =>
    list.flatMap(({ text }) => (typeof text === 'string' ? [text] : [])).join('');
  const thought = parts.flatMap(({ thinking }) =>
    Array.isArray(thinking) ? [texts(thinking.filter(isObject))] : [],
  );
  return {
    content: texts(parts),
    ...(thought.length === 0 ? {} : { reasoning_content: thought.join('') }),
  };
}

/** The token counts, where they are counts. */
function usageIn(usage: unknown): Usage | undefined {
  if (!isObject(usage)) return undefined;
  const { prompt_tokens: prompt, completion_tokens: completion, total_tokens: total } = usage;
  if (!isCount(prompt) || !isCount(completion)) return undefined;
  return {
    ...usage,
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: isCount(total) ? total : prompt + completion,
  };
}
