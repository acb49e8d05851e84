import { describe, expect, it } from 'vitest';
import { createCollector } from '../../src/answering/collect.ts';

describe('createCollector', () => {
  it('joins texts, and tool calls by their index', () => {
    const collector = createCollector();
    const call = (index: number, fields: object) => ({
      choices: [{ index: 0, delta: { tool_calls: [{ index, ...fields }] } }],
    });
    collector.add({ choices: [{ index: 0, delta: { role: 'assistant', content: null } }] });
    collector.add(call(0, { id: 'a', type: 'function', function: { name: 'f', arguments: '' } }));
    collector.add(call(1, { id: 'b', type: 'function', function: { name: 'g', arguments: '{' } }));
    collector.add(call(0, { function: { arguments: '{"x"' } }));
    collector.add(call(1, { function: { arguments: '}' } }));
    collector.add(call(0, { function: { arguments: ':1}' } }));
    collector.add({ choices: [{ index: 0, delta: {}, finish_reason: 'tool_calls' }] });
    expect(collector.choices()).toEqual([
      {
        index: 0,
        message: {
          role: 'assistant',
          content: null,
          tool_calls: [
            { id: 'a', type: 'function', function: { name: 'f', arguments: '{"x":1}' } },
            { id: 'b', type: 'function', function: { name: 'g', arguments: '{}' } },
          ],
        },
        finish_reason: 'tool_calls',
      },
    ]);
  });

  it('keeps choices apart and takes the usage', () => {
    const collector = createCollector();
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    for (const [index, content] of [
      [1, 'b'],
      [0, 'a'],
      [1, 'B'],
      [0, 'A'],
    ] as const) {
      collector.add({ choices: [{ index, delta: { content } }] });
    }
    collector.add({ choices: [], usage });
    expect(collector.choices().map(({ message }) => message.content)).toEqual(['aA', 'bB']);
    expect(collector.usage).toBe(usage);
  });
});
