import type { Script } from '@stack/testing/scripted';
import { describe, expect, it } from 'vitest';
import { answer, call, chunk, json, sse } from './support.ts';

/** What the common servers of OpenAI's API really send. Each row names where the form is from. */
describe('tool calls', () => {
  const f = (args: unknown, name?: string) => ({
    function: { ...(name === undefined ? {} : { name }), arguments: args },
  });
  it.each<[string, Script, [string, string, string][]]>([
    [
      'OpenAI: interleaved by their index',
      sse(
        call({ index: 0, id: 'a', type: 'function', ...f('', 'x') }),
        call({ index: 1, id: 'b', type: 'function', ...f('{', 'y') }),
        call({ index: 0, ...f('{}') }),
        call({ index: 1, ...f('}') }),
        chunk({}, 'tool_calls'),
      ),
      [
        ['a', 'x', '{}'],
        ['b', 'y', '{}'],
      ],
    ],
    [
      'Ollama, LiteLLM: each has the index 0 (vercel/ai#14277)',
      sse(
        call({ index: 0, id: 'a', type: 'function', ...f('{"p":1}', 'x') }),
        call({ index: 0, id: 'b', type: 'function', ...f('{"p":2}', 'x') }),
        chunk({}, 'tool_calls'),
      ),
      [
        ['a', 'x', '{"p":1}'],
        ['b', 'x', '{"p":2}'],
      ],
    ],
    [
      'one id for all calls: their numbers tell them apart',
      sse(
        call({ index: 0, id: 'call', ...f('{"p":1}', 'x') }),
        call({ index: 1, id: 'call', ...f('{"p":', 'x') }),
        call({ index: 1, id: 'call', ...f('2}') }),
        chunk({}, 'tool_calls'),
      ),
      [
        ['call', 'x', '{"p":1}'],
        ['call', 'x', '{"p":2}'],
      ],
    ],
    [
      'numbers as texts, interleaved',
      sse(
        call({ index: '0', id: 'a', ...f('', 'x') }),
        call({ index: '1', id: 'b', ...f('', 'x') }),
        call({ index: '0', ...f('{"p":1}') }),
        call({ index: '1', ...f('{"p":2}') }),
        chunk({}, 'tool_calls'),
      ),
      [
        ['a', 'x', '{"p":1}'],
        ['b', 'x', '{"p":2}'],
      ],
    ],
    [
      'the same in one chunk',
      sse(
        chunk({
          tool_calls: [
            { index: 0, id: 'a', ...f('{}', 'x') },
            { index: 0, id: 'b', ...f('{}', 'y') },
          ],
        }),
        chunk({}, 'tool_calls'),
      ),
      [
        ['a', 'x', '{}'],
        ['b', 'y', '{}'],
      ],
    ],
    [
      'the same in pieces: those without an id belong to the last',
      sse(
        call({ index: 0, id: 'a', ...f('', 'x') }),
        call({ index: 0, ...f('{"p"') }),
        call({ index: 0, ...f(':1}') }),
        call({ index: 0, id: 'b', ...f('', 'x') }),
        call({ index: 0, ...f('{"p":') }),
        call({ index: 0, ...f('2}') }),
        chunk({}, 'tool_calls'),
      ),
      [
        ['a', 'x', '{"p":1}'],
        ['b', 'x', '{"p":2}'],
      ],
    ],
    [
      'the same, interleaved by their ids',
      sse(
        call({ index: 0, id: 'a', ...f('', 'x') }),
        call({ index: 0, id: 'b', ...f('', 'y') }),
        call({ index: 0, id: 'a', ...f('{"p":1}') }),
        call({ index: 0, id: 'b', ...f('{"p":2}') }),
        chunk({}, 'tool_calls'),
      ),
      [
        ['a', 'x', '{"p":1}'],
        ['b', 'y', '{"p":2}'],
      ],
    ],
    [
      'Gemini: no index, whole calls',
      sse(
        call({ id: 'a', type: 'function', ...f('{}', 'x') }),
        call({ id: 'b', type: 'function', ...f('{}', 'y') }),
        chunk({}, 'tool_calls'),
      ),
      [
        ['a', 'x', '{}'],
        ['b', 'y', '{}'],
      ],
    ],
    [
      'no index and no id',
      sse(chunk({ tool_calls: [f('{"p":1}', 'x'), f('{"p":2}', 'x')] }), chunk({}, 'tool_calls')),
      [
        ['call_0', 'x', '{"p":1}'],
        ['call_1', 'x', '{"p":2}'],
      ],
    ],
    [
      'an empty id and name in later pieces (DashScope)',
      sse(
        call({ index: 0, id: 'a', type: 'function', ...f('{"p"', 'x') }),
        call({ index: 0, id: '', type: 'function', ...f(':1}', '') }),
        chunk({}, 'tool_calls'),
      ),
      [['a', 'x', '{"p":1}']],
    ],
    [
      'the name with each piece (vLLM, a tool that is named)',
      sse(call({ index: 0, ...f('{"p"', 'x') }), call({ index: 0, ...f(':1}', 'x') }), chunk({}, 'stop')),
      [['call_0', 'x', '{"p":1}']],
    ],
    [
      'another id with each piece (vLLM)',
      sse(
        call({ index: 0, id: 'a', ...f('{"p"', 'x') }),
        call({ index: 0, id: 'b', ...f(':1', 'x') }),
        call({ index: 0, id: 'c', ...f('}') }),
        chunk({}, 'stop'),
      ),
      [['a', 'x', '{"p":1}']],
    ],
    [
      'arguments as an object, or null',
      sse(
        call({ index: 0, id: 'a', ...f({ p: 1 }, 'x') }),
        call({ index: 1, id: 'b', ...f(null, 'y') }),
        chunk({}, 'tool_calls'),
      ),
      [
        ['a', 'x', '{"p":1}'],
        ['b', 'y', ''],
      ],
    ],
    [
      'a whole completion',
      json({
        choices: [
          {
            index: 0,
            message: {
              role: 'assistant',
              content: null,
              tool_calls: [
                { id: 'a', type: 'function', ...f('{}', 'x') },
                { id: 'b', type: 'function', ...f('{}', 'y') },
              ],
            },
            finish_reason: 'tool_calls',
          },
        ],
      }),
      [
        ['a', 'x', '{}'],
        ['b', 'y', '{}'],
      ],
    ],
  ])('%s', async (_name, script, calls) => {
    const { choices } = await answer(script);
    const found = choices[0]?.message.tool_calls as {
      id: string;
      type: string;
      function: { name: string; arguments: string };
    }[];
    expect(found.map(({ id, function: { name, arguments: args } }) => [id, name, args])).toEqual(calls);
    expect(found.every(({ type }) => type === 'function')).toBe(true);
  });

  it('passes calls of custom tools on as they are (platform.openai.com, custom tools)', async () => {
    const { choices } = await answer(
      sse(
        call({ index: 0, id: 'a', type: 'custom', custom: { name: 'x', input: '1+' } }),
        call({ index: 0, custom: { input: '1' } }),
        call({ index: 0, id: 'b', type: 'custom', custom: { name: 'x', input: '2' } }),
        chunk({}, 'tool_calls'),
      ),
    );
    expect(choices[0]?.message.tool_calls).toEqual([
      { id: 'a', type: 'custom', custom: { name: 'x', input: '1+1' } },
      { id: 'b', type: 'custom', custom: { name: 'x', input: '2' } },
    ]);
  });

  it('says why a choice has ended that only [DONE] has ended', async () => {
    const { choices } = await answer(sse(call({ index: 0, id: 'a', ...f('{}', 'x') }), '[DONE]'));
    expect(choices[0]?.finish_reason).toBe('tool_calls');
  });
});
