import { readdirSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { build } from 'esbuild';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { messageOf, messagesOf, QbtcError, stacksOf } from '../src/errors.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

describe('what was thrown is told with its causes', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:1'), { code: 'ECONNREFUSED' });

  test.each<[string, unknown, string]>([
    ['a cause', new Error('fetch failed', { cause: refused }), `fetch failed: ${refused.message}`],
    [
      'a cause of a cause',
      new Error('could not answer', { cause: new Error('fetch failed', { cause: refused }) }),
      `could not answer: fetch failed: ${refused.message}`,
    ],
    [
      'a cause that the message tells already',
      new QbtcError('X', `the cache: ${refused.message}`, { cause: refused }),
      `the cache: ${refused.message}`,
    ],
    [
      'the cause of one that is told already',
      new QbtcError('X', 'the cache: gone', { cause: new Error('gone', { cause: refused }) }),
      `the cache: gone: ${refused.message}`,
    ],
    [
      'several at once, without a message of their own (Node tries each address of a host)',
      new AggregateError([new Error('connect ECONNREFUSED ::1:1'), refused]),
      `connect ECONNREFUSED ::1:1, ${refused.message}`,
    ],
    [
      'several with a message',
      new AggregateError([refused, refused], 'All promises were rejected'),
      `All promises were rejected: ${refused.message}`,
    ],
    [
      'many',
      new AggregateError(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((each) => new Error(each))),
      'a, b, c, d, e, 2 more',
    ],
    ['a cause that is no error', new Error('gone', { cause: 'the disk is full' }), 'gone: the disk is full'],
    ['a text', 'no', 'no'],
    ['an object like an error', { message: 'refused', cause: { message: 'why' } }, 'refused: why'],
    ['an object that is none', { status: 3 }, '{ status: 3 }'],
    ['nothing', undefined, 'undefined'],
    ['an error that says nothing', new TypeError(''), 'TypeError'],
    ['an error that has a code alone', Object.assign(new Error(''), { code: 'EPIPE' }), 'EPIPE'],
    ['one of another realm', runInNewContext(`new Error('far', { cause: new Error('away') })`), 'far: away'],
    [
      'the detail of PostgreSQL',
      Object.assign(new Error('duplicate key'), { detail: 'Key (id)=(1) already exists.' }),
      'duplicate key (Key (id)=(1) already exists.)',
    ],
  ])('%s', (_, thrown, expected) => expect(messageOf(thrown)).toBe(expected));

  test('one that is its own cause comes to an end', () => {
    const error = new Error('round');
    error.cause = new Error('and round', { cause: error });
    expect(messagesOf(error)).toEqual(['round', 'and round']);
    expect(stacksOf(error)).toHaveLength(2);
  });

  test('one that is its own part, and the cause of its parts, comes to an end', () => {
    const part = new Error('part');
    const whole = new AggregateError([part], 'whole');
    part.cause = whole;
    whole.errors.push(whole);
    expect(messageOf(whole)).toBe('whole: part');
    expect(messagesOf(part)).toEqual(['part', 'whole']);
    expect(stacksOf(whole)).toHaveLength(2);
    expect(stacksOf(part)).toHaveLength(2);
  });

  test('a connection that nobody takes at any address names each', async () => {
    const socket = connect({ host: 'localhost', port: 1, autoSelectFamily: true });
    const error = await new Promise((resolve) => socket.once('error', resolve));
    expect(messageOf(error)).toMatch(/connect ECONNREFUSED (127\.0\.0\.1|::1):1/);
  });

  test('whatever is thrown, there is a text', () => {
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        expect(typeof messageOf(thrown)).toBe('string');
        expect(Array.isArray(stacksOf(thrown))).toBe(true);
      }),
    );
  });

  test('the traces of all causes are there', () => {
    const stacks = stacksOf(
      new Error('outside', { cause: new AggregateError([new Error('inside')], 'both') }),
    );
    expect(stacks.map((stack) => stack.split('\n')[0])).toEqual([
      'Error: outside',
      'AggregateError: both',
      'Error: inside',
    ]);
  });
});

describe('no error loses its cause in the source', () => {
  const files = ['src', 'commands']
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(folder, name),
      ),
    )
    // Embedded programs answer in the words of what they stand for.
    .filter((name) => name.endsWith('.ts') && !name.startsWith(join('src', 'embedded')));
  const texts = files.map((file) => ({ file, text: readFileSync(join(root, file), 'utf8') }));

  test('its message alone is told nowhere', () => {
    const found = texts
      .filter(
        ({ file }) => file !== join('src', 'errors.ts') && file !== join('src', 'matching', 'expression.ts'),
      )
      .flatMap(({ file, text }) =>
        [...text.matchAll(/instanceof Error\s*\?\s*`?(\$\{)?\w+\.message|as Error\)\.message/g)].map(
          ({ 0: each }) => `${file}: ${each}`,
        ),
      );
    expect(found).toEqual([]);
  });

  test('what is thrown in the place of what was caught has it as its cause', () => {
    const found = texts.flatMap(({ file, text }) =>
      [...text.matchAll(/\bcatch \(\w+\) \{|\.catch\(\(\w+(: \w+)?\) =>/g)].flatMap((caught) => {
        const isBlock = caught[0].endsWith('{');
        const start = isBlock ? caught.index + caught[0].length - 1 : text.indexOf('(', caught.index);
        const block = inBrackets(text, start);
        return [...block.matchAll(/throw new \w+\(/g)].flatMap((thrown) => {
          const given = inBrackets(block, thrown.index + thrown[0].length - 1);
          // An interruption is the user's own wish, and no error.
          const isFine = /\bcause\b|EXIT\.interrupted|ExpressionError|InvalidArgumentError/.test(
            thrown[0] + given,
          );
          return isFine ? [] : [`${file}: ${thrown[0]}${given.slice(1, 80)}`];
        });
      }),
    );
    expect(found).toEqual([]);
  });
});

/** From a bracket to the one that closes it. */
function inBrackets(text: string, start: number): string {
  const open = text[start] ?? '';
  const close = open === '{' ? '}' : ')';
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === open) depth += 1;
    else if (text[at] === close) depth -= 1;
    if (depth === 0) return text.slice(start, at + 1);
  }
  return text.slice(start);
}

test('the errors of a bundle are told once, as esbuild words them', async () => {
  const thrown = await build({ stdin: { contents: 'const x = ;' }, logLevel: 'silent' }).catch(
    (error) => error,
  );
  expect(thrown.errors).toHaveLength(1);
  expect(messageOf(thrown)).toMatch(/^Build failed with 1 error:\n<stdin>:1:10: ERROR: Unexpected ";"$/);
});
