import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { RESERVED_NAMES, STATE_FILES } from '../../src/state/index.ts';

test('the names that qbtc keeps for itself are those that the page tells', () => {
  const page = readFileSync(new URL('../../docs/qbtc-yaml.md', import.meta.url), 'utf8');
  const [sentence = ''] = /`supervisor`, `qbtc`[^.]*are names that qbtc keeps/.exec(page) ?? [];
  expect([...sentence.matchAll(/`([\w-]+)`/g)].map(([, name]) => name).sort()).toEqual(
    [...RESERVED_NAMES].sort(),
  );
});

test('a name is reserved by the declaration of the file that has it', () => {
  expect(STATE_FILES.supervisor).toMatchObject({ file: 'state.json', reservesName: true });
  expect(RESERVED_NAMES.has('state')).toBe(true);
  // What was added since takes no name from stacks that there are.
  expect(RESERVED_NAMES.has('holds')).toBe(false);
});
