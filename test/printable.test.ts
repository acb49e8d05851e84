import fc from 'fast-check';
import { expect, test } from 'vitest';
import { QbtcError } from '../src/errors.ts';
import { printable, printableIn } from '../src/printable.ts';
import { anyCharacter } from './support/any-text.ts';

test.each([
  ['a colour', '\u001b[31mred\u001b[0m', 'red'],
  ['a move of the cursor', 'a\u001b[2Jb\u001b[1;1Hc', 'abc'],
  ['the title of the window', '\u001b]0;root@host\u0007x', 'x'],
  ['a link', '\u001b]8;;http://evil\u001b\\here\u001b]8;;\u001b\\', 'here'],
  ['a carriage return that overwrites', 'done\rfailed', 'done\ufffdfailed'],
  ['a line of Windows', 'one\r\ntwo', 'one\ntwo'],
  ['a backspace', 'no\b\byes', 'no\ufffd\ufffdyes'],
  ['C1, which some terminals obey', '\u009b31mred', 'red'],
  ['text that runs backwards', 'user\u202etxt.exe', 'user\ufffdtxt.exe'],
  ['what may stay', 'ü\t日本\n✔ 😀', 'ü\t日本\n✔ 😀'],
])('%s', (_, text, shown) => expect(printable(text)).toBe(shown));

test('nothing that steers is left, and twice is once', () => {
  fc.assert(
    fc.property(fc.string({ unit: anyCharacter, maxLength: 40 }), (text) => {
      const shown = printable(text);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
      expect(shown).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
      expect(printable(shown)).toBe(shown);
    }),
  );
});

test('the texts of a document, its keys and errors included; the document itself stays as it is', () => {
  const red = '\u001b[31mred\u001b[0m';
  const error = new QbtcError('X', red, { hint: red, details: [red], cause: new Error(red) });
  const at = new Date(0);
  const given = { list: [red, { [red]: red }], error, at, count: 1, none: undefined };
  const shown = printableIn(given);
  expect(shown).toMatchObject({ list: ['red', { red: 'red' }], at, count: 1, none: undefined });
  expect(shown.error).toBeInstanceOf(QbtcError);
  expect(shown.error).toMatchObject({ message: 'red', hint: 'red', details: ['red'], code: 'X' });
  expect((shown.error.cause as Error).message).toBe('red');
  expect(given.list[0]).toBe(red);
  const round: Record<string, unknown> = { name: red };
  round.self = round;
  expect(printableIn(round).name).toBe('red');
});
