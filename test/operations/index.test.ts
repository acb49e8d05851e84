import { describe, expect, test } from 'vitest';
import { type OperationName, runOperation } from '../../src/operations/index.ts';
import { quietContext } from '../support/quiet-context.ts';

/** Nothing is opened before the input is judged: a folder without a stack does. */
function asked(name: OperationName, input: object): Promise<unknown> {
  return runOperation({ ...quietContext(), cwd: '/' }, name, input, async () => () => {});
}

describe('the input of an operation is judged before anything is opened', () => {
  test.each<[OperationName, object, string]>([
    ['up', { dry_run: true }, 'found "dry_run", did you mean "dryRun"?'],
    ['up', { timout: 5 }, 'found "timout", did you mean "timeout"?'],
    ['stop', { names: ['x'], whatever: 1 }, 'found "whatever", expected names'],
    ['status', { watch: true }, 'found "watch", expected (there is none)'],
    [
      'discover list',
      { portRange: { first: 1, lst: 2, last: 2 } },
      'portRange: found "lst", did you mean "last"?',
    ],
  ])('%s %j: %s', async (name, input, detail) => {
    await expect(asked(name, input)).rejects.toMatchObject({
      code: 'INPUT_WRONG',
      exit: 64,
      message: `${name} cannot be asked like this`,
      details: [detail],
    });
  });

  test('what is undefined was not given', async () => {
    await expect(asked('up', { portBase: undefined, other: undefined })).rejects.toMatchObject({
      code: 'STACK_NOT_FOUND',
    });
  });
});
