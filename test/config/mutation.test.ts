import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { isMap, isScalar, isSeq, parseDocument } from 'yaml';
import { anyCharacter } from '../support/any-text.ts';
import { runs } from '../support/property-runs.ts';
import { INLINE_FILE, makeSample, type Sample } from './sample.ts';

let sample: Sample;
let template: string;
beforeAll(async () => {
  sample = await makeSample();
  template = await readFile(INLINE_FILE, 'utf8');
});
afterAll(() => sample.remove());

const LINE = /^qbtc\.yaml:[1-9]\d*:[1-9]\d*[: ]/;

/** Loading either succeeds or reports mistakes with their places; `mistakes` throws on in any other case. */
async function judge(text: string): Promise<void> {
  const lines = text.split('\n').length;
  const mistakes = await sample.mistakes(text);
  for (const [index, mistake] of mistakes.entries()) {
    // The last line of a long list says how many were left out.
    if (index === 100 && /^and \d+ more$/.test(mistake)) continue;
    expect(mistake).toMatch(LINE);
    expect(Number(mistake.split(':')[1])).toBeLessThanOrEqual(lines);
  }
}

test('characters put in, taken out, or doubled never lead to anything but mistakes with a line', async () => {
  const edit = fc.record({
    at: fc.nat(),
    remove: fc.nat(6),
    insert: fc.oneof(
      fc.constantFrom(
        '',
        '\t',
        '\n',
        ':',
        ' ',
        '- ',
        '${',
        '}',
        '*x ',
        '&x ',
        '!t ',
        '"',
        "'",
        '[',
        '{',
        '# ',
        '<<: ',
      ),
      fc.string({ unit: anyCharacter, maxLength: 5 }),
    ),
  });
  await fc.assert(
    fc.asyncProperty(edit, async ({ at, remove, insert }) => {
      const start = at % template.length;
      await judge(template.slice(0, start) + insert + template.slice(start + remove));
    }),
    // Each reads a whole file of a stack.
    { numRuns: runs(15, 60) },
  );
}, 60_000);

test('any value in any place never leads to anything but mistakes with a line', async () => {
  const value = fc.oneof(
    fc.constantFrom(null, true, 0, -1, 1.5, 65_536, 1e21, '', '/', '..', '${A}', '${resources.x.y}', [], {}, [
      [],
    ]),
    fc.jsonValue({ maxDepth: 2 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.nat(), value, fc.boolean(), async (which, replacement, drop) => {
      const document = parseDocument(template);
      const paths = pathsOf(document.contents);
      const path = paths[which % paths.length] ?? [];
      if (drop) document.deleteIn(path);
      else document.setIn(path, document.createNode(replacement));
      let text: string;
      try {
        text = document.toString();
      } catch {
        // The anchor was replaced but not its aliases: not a text that anybody could have written.
        return;
      }
      await judge(text);
    }),
    // Each reads a whole file of a stack.
    { numRuns: runs(15, 60) },
  );
}, 60_000);

function pathsOf(node: unknown, path: unknown[] = []): unknown[][] {
  if (isMap(node)) {
    return node.items.flatMap(({ key, value }) => {
      const field = [...path, isScalar(key) ? key.value : key];
      return [field, ...pathsOf(value, field)];
    });
  }
  if (isSeq(node)) {
    return node.items.flatMap((item, index) => [[...path, index], ...pathsOf(item, [...path, index])]);
  }
  return [];
}
