import { expect, test } from 'vitest';
import { withInspected } from '../../src/lifecycle/inspected.ts';
import { emptyStack, PLAIN_SERVICE } from '../support/stack.ts';

const service = (name: string, how: { entry: string } | { command: string[] } | { url: string }) => ({
  ...PLAIN_SERVICE,
  ...how,
  name,
  path: '/s',
  dependsOn: [],
  env: {},
  containerEnv: {},
  routes: [],
});
const stack = emptyStack('/s', {
  services: [
    service('entry', { entry: 'a.ts' }),
    service('node', { command: ['node', 'a.js'] }),
    service('npm', { command: ['npm', 'start'] }),
    service('elsewhere', { url: 'http://127.0.0.1:1' }),
  ],
});
const portsOf = (name: string) =>
  withInspected(stack, { service: name, port: 9229 }).services.flatMap(
    ({ inspectPort }) => inspectPort ?? [],
  );

test('a debugger gets into one service, where Node runs it', () => {
  expect(portsOf('entry')).toEqual([9229]);
  expect(portsOf('node')).toEqual([9229]);
  expect(withInspected(stack, undefined)).toBe(stack);
});

test.each(['npm', 'elsewhere'])('%s is run by something else, which is said with what helps', (name) => {
  expect(() => portsOf(name)).toThrow(
    expect.objectContaining({
      code: 'NOT_INSPECTABLE',
      hint: expect.stringContaining(`qbtc exec ${name} --`),
    }),
  );
});

test('a name that there is not is told with the nearest', () => {
  expect(() => portsOf('entri')).toThrow(
    expect.objectContaining({ code: 'NAME_UNKNOWN', hint: expect.stringContaining('"entry"') }),
  );
});
