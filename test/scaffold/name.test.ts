import { expect, test } from 'vitest';
import { validateStackName } from '../../src/scaffold/name.ts';

test('a valid name comes back', () => {
  expect(validateStackName('my-shop')).toBe('my-shop');
});

test.each([
  ['My Shop', 'qbtc new my-shop'],
  ['ACME', 'qbtc new acme'],
  ['größe', 'qbtc new grosse'],
  ['postgres', 'qbtc new my-postgres'],
])('"%s" is refused with a name that would do', (name, hint) => {
  expect(() => validateStackName(name)).toThrow(
    expect.objectContaining({ name: 'QbtcError', code: 'NAME_INVALID', exit: 64, hint }),
  );
});
