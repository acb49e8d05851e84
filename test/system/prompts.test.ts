import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { EXIT } from '../../src/errors.ts';
import { createPrompts } from '../../src/system/prompts.ts';

function person() {
  const input = Object.assign(new PassThrough(), { isTTY: true });
  const output = new PassThrough();
  let shown = '';
  output.on('data', (chunk) => {
    shown += String(chunk);
  });
  const asked = (question: string) => expect.poll(() => shown).toContain(question);
  return { input, asked, prompts: createPrompts({ input, output }) };
}

test('a question gets the answer that is typed', async () => {
  const { input, asked, prompts } = person();
  const answer = prompts.input('Its name?');
  await asked('Its name?');
  input.write('acme\n');
  expect(await answer).toBe('acme');
});

test('Ctrl-C at a question is an interruption, not a defect', async () => {
  const { input, asked, prompts } = person();
  const answer = prompts.confirm('Go on?').catch((error: unknown) => error);
  await asked('Go on?');
  input.write('\u0003');
  expect(await answer).toMatchObject({ code: 'INTERRUPTED', exit: EXIT.interrupted });
});
