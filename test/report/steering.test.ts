import { describe, expect, test } from 'vitest';
import { SCORE_COMPONENTS } from '../../src/model/stack.ts';
import { documents } from './documents/index.ts';
import { createReporter } from './reporter.ts';

const STEERS = '\u001b[2J\u001b[31m\u0007\u202e';
/** What others say: not the kinds and states that a view goes by. */
const FOREIGN = new Set(
  'reason message evidence found subject name queue resource why hint problem text stack program source detail'.split(
    ' ',
  ),
);

const COMPONENTS = new Set<string>(SCORE_COMPONENTS);

/** The same document as the others of the world would like it. */
function hostile<Value>(value: Value, key = ''): Value {
  if (typeof value === 'string')
    return (FOREIGN.has(key) && !COMPONENTS.has(value) ? `${value}${STEERS}` : value) as Value;
  if (Array.isArray(value)) return value.map((each) => hostile(each, key)) as Value;
  if (typeof value !== 'object' || value === null || value instanceof Error) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, hostile(each, name)]),
  ) as Value;
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/;

describe.each(Object.entries(documents))('%s', (_, document) => {
  test.each([
    'terminal',
    'github',
    'junit',
    'html',
    'markdown',
  ] as const)('%s shows nothing that steers', (form) => {
    const print = createReporter(form, { width: 80, color: false, verbose: true });
    expect(print(hostile(document))).not.toMatch(STEERING);
  });

  test('JSON keeps every byte, escaped', () => {
    const text = createReporter('json', { width: 80, color: false, verbose: false })(hostile(document));
    expect(text).not.toContain('\u001b');
    const holds = document.kind !== 'error' && JSON.stringify(hostile(document)).includes('\\u001b[2J');
    expect(text.includes('\\u001b[2J')).toBe(holds);
  });
});
