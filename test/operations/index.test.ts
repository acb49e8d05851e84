import { describe, expect, test } from 'vitest';
import { type OperationName, runOperation } from '../../src/operations/index.ts';
import { quietContext } from '../support/quiet-context.ts';

/** Nothing is opened before the input is judged: a folder without a stack does. */
function asked(name: OperationName, input: object): Promise<unknown> {
  return runOperation({ ...quietContext(), cwd: '/' }, name, input, async () => () => {});
}

describe('the input of an operation is judged before anything is opened', () => {
  test.each<[OperationName, object, string[]]>([
    [
      'secrets rotate',
      { nam: 'x', tiemout: 5 },
      [
        'nam: found the unknown key "nam", expected one of names, all or timeout; did you mean "names"?',
        'tiemout: found the unknown key "tiemout", expected one of names, all or timeout; did you mean "timeout"?',
      ],
    ],
    [
      'stop',
      { names: [], whatever: 1 },
      [
        'names: found an empty list, expected at least 1 of them',
        'whatever: found the unknown key "whatever", expected names',
      ],
    ],
    [
      'stop',
      { names: ['x', 5] },
      ['names[1]: found 5, expected text (in quotes where it looks like something else)'],
    ],
    ['status', { watch: true }, ['watch: found the unknown key "watch", expected nothing']],
    ['up', { timeout: 0 }, ['timeout: found 0, expected a whole number from 1 to 3600']],
    ['up', { timeout: 1.5 }, ['timeout: found 1.5, expected a whole number from 1 to 3600']],
    ['up', { timeout: 'x' }, ['timeout: found "x", expected a whole number from 1 to 3600']],
    [
      'up',
      { strategy: 'fallbak' },
      [
        'strategy: found "fallbak", expected one of full_docker, hybrid or fallback; did you mean "fallback"?',
      ],
    ],
    [
      'discover list',
      { portRange: { first: 1, lst: 2, last: 2 } },
      ['portRange.lst: found the unknown key "lst", expected one of first or last; did you mean "last"?'],
    ],
    [
      'discover list',
      { portRange: { first: 2, last: 1 } },
      ['portRange: found a mapping, expected a range whose last port is not before its first'],
    ],
  ])('%s %j', async (name, input, details) => {
    await expect(asked(name, input)).rejects.toMatchObject({
      code: 'INPUT_WRONG',
      exit: 64,
      message: `${name} cannot be asked like this`,
      details,
    });
  });

  test('what is undefined was not given', async () => {
    await expect(asked('up', { portBase: undefined, other: undefined })).rejects.toMatchObject({
      code: 'STACK_NOT_FOUND',
    });
  });
});
