import { appendFile, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startOpenAiUpstream } from '@stack/testing/upstream';
import { execa } from 'execa';
import { expect, test } from 'vitest';
import { newStack } from './support/new-stack.ts';
import { openStackAt } from './support/open-stack.ts';
import { CHECKOUT, qbtc } from './support/qbtc.ts';

/** What each example of docs/llm-api.md prints, by its heading. */
const PRINTS: Record<string, RegExp> = {
  Plain: /The ferry leaves at nine\.[\s\S]*\d+ tokens, request \S+/,
  Streamed: /Tea grows in Assam\.[\s\S]*\d+ tokens/,
  Aborted: /^first chunk of chatcmpl-\S+\nleft$/,
  'A tool call': /calls weather \{ city: '.+' \}\n.*Sunny, 21 °C/,
  'An answer by a JSON Schema': /^city .+$/,
};

test('the examples of docs/llm-api.md work as they stand, with the official client', async () => {
  const text = await readFile(join(CHECKOUT, 'docs/llm-api.md'), 'utf8');
  const examples = [...text.matchAll(/^## (.+)\n[\s\S]*?```js\n([\s\S]*?)```/gm)].map(
    ([, heading = '', code = '']) => ({
      heading,
      code,
    }),
  );
  expect(examples.map(({ heading }) => heading)).toEqual(Object.keys(PRINTS));

  const upstream = await startOpenAiUpstream({
    key: 'key-of-the-upstream',
    models: ['llama-3.1-8b-instant'],
  });
  const [root, takeDown] = await newStack('examples');
  const scripts: string[] = [];
  try {
    await appendFile(
      join(root, '.env'),
      `\nENGINE_URL=${upstream.url}/v1\nENGINE_API_KEY=key-of-the-upstream\nENGINE_OFFLINE=always\n`,
    );
    const { code, stderr } = await qbtc(['up'], root);
    expect(code, stderr).toBe(0);
    const stack = await openStackAt(root);
    const gateway = stack.resources.find(({ kind }) => kind === 'apisix')?.endpoint.url;
    const env = { OPENAI_BASE_URL: `${gateway}/v1`, OPENAI_API_KEY: stack.secrets['test-api-key'] ?? '' };
    for (const [index, example] of examples.entries()) {
      // Beside the tests, so that the client is found.
      const file = join(CHECKOUT, 'test', `.example-${process.pid}-${index}.mjs`);
      scripts.push(file);
      await writeFile(file, example.code);
      const {
        stdout,
        stderr: said,
        exitCode,
      } = await execa(process.execPath, [file], { env, reject: false });
      expect(exitCode, `${example.heading}: ${said}`).toBe(0);
      expect(stdout, example.heading).toMatch(PRINTS[example.heading] ?? /^$/);
    }
  } finally {
    const { rm } = await import('node:fs/promises');
    await Promise.all(scripts.map((file) => rm(file, { force: true })));
    await takeDown();
    await upstream.stop();
  }
}, 240_000);
