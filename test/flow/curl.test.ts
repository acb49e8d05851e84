import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { curlOf } from '../../src/flow/curl.ts';

test('a request as a command, its secrets left to the one who runs it', () => {
  expect(
    curlOf({
      method: 'POST',
      url: 'http://127.0.0.1:9080/v1/chat',
      headers: { authorization: 'Bearer ${secrets.test-api-key}', 'x-correlation-id': 'c-1' },
      json: { text: "it's" },
    }),
  ).toBe(
    `curl --include --request POST --header 'content-type: application/json' --header 'authorization: Bearer '"$(qbtc secrets get test-api-key)" --header 'x-correlation-id: c-1' --data-raw '{"text":"it'\\''s"}' 'http://127.0.0.1:9080/v1/chat'`,
  );
});

test('whatever the body holds, a shell takes it as it is', () => {
  const text = fc
    .string({ unit: 'binary', maxLength: 40 })
    .filter((body) => !body.includes('\0') && body !== '');
  fc.assert(
    fc.property(text, (body) => {
      const safe = body.toWellFormed().replaceAll('${secrets.', '');
      fc.pre(safe !== '');
      const command = curlOf({ method: 'POST', url: 'http://h/', headers: {}, body: safe });
      const script = command
        .replace(/^curl --include --request POST --data-raw/, "printf '%s'")
        .replace(/ 'http:\/\/h\/'$/, '');
      expect(execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' })).toBe(safe);
    }),
    { numRuns: 40 },
  );
});
