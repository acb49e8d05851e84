import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { curlOf } from '../../src/flow/curl.ts';
import { anyCharacter } from '../support/any-text.ts';
import { runs } from '../support/property-runs.ts';

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
  const body = fc
    .string({ unit: anyCharacter, maxLength: 40 })
    .map((text) => text.replaceAll('\0', '').replaceAll('${secrets.', ''))
    .filter((text) => text !== '');
  const printing = (text: string) =>
    curlOf({ method: 'POST', url: 'http://h/', headers: {}, body: text })
      .replace(/^curl --include --request POST --data-raw/, "printf '%s\\0'")
      .replace(/ 'http:\/\/h\/'$/, '');
  fc.assert(
    // One shell for many of them: starting it is what takes time.
    fc.property(fc.array(body, { minLength: 20, maxLength: 20 }), (bodies) => {
      const script = bodies.map(printing).join('\n');
      const printed = execFileSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
      expect(printed.split('\0').slice(0, -1)).toEqual(bodies);
    }),
    { numRuns: runs(3, 40) },
  );
});
