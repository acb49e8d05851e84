import { describe, expect, test } from 'vitest';
import { last, run, step } from '../one-flow.ts';

describe('exec', () => {
  const node = (code: string) => `run: [${JSON.stringify(process.execPath)}, -e, ${JSON.stringify(code)}]`;

  test('runs a program with the correlation id, and reads what it says', async () => {
    const code = 'console.log(JSON.stringify({ id: process.env.CORRELATION_ID, at: process.env.AT }))';
    const result = await run(
      step('exec', [
        node(code),
        'env: { AT: "${gateway.url}" }',
        'expect: { json: { $.id: "${correlation_id}" } }',
      ]),
    );
    expect(last(result)).toMatchObject({ status: 'passed' });
  });

  test.each([
    ['process.exit(3)', 'expect: { exit: 0 }', 'its exit code is 3, expected 0'],
    ['console.error("no disk"); process.exit(1)', 'expect: {}', 'its exit code is 1, expected 0; no disk'],
    [
      'console.log("a")',
      'expect: { stdout: { contains: b } }',
      'its output is "a", expected a text with "b"',
    ],
    ['setTimeout(() => {}, 60000)', 'within: 200ms', 'did not end within 200 ms'],
  ])('%s with %s fails', async (code, expectation, evidence) => {
    const result = await run(step('exec', [node(code), expectation]));
    expect(last(result)).toMatchObject({ status: 'failed', evidence: expect.stringContaining(evidence) });
  });

  test('qbtc is the one that runs the flow', async () => {
    const result = await run(
      step('exec', ['run: [qbtc, --version]', 'expect: { stdout: { contains: "0.1." } }']),
    );
    expect(last(result)).toMatchObject({ status: 'passed', evidence: 'qbtc ended with 0' });
  });

  test('a program that is not there is named', async () => {
    const result = await run(step('exec', ['run: [no-such-program]']));
    expect(last(result)?.evidence).toBe('there is no program no-such-program');
  });
});
