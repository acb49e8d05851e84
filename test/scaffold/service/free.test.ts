import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { NAME } from '../../../src/config/fields.ts';
import type { Service } from '../../../src/model/stack.ts';
import { checkServiceName, choosePort, type Names } from '../../../src/scaffold/service/free.ts';

const service = (name: string, more: Partial<Service> = {}) =>
  ({ name, replicas: 1, routes: [], ...more }) as unknown as Service;
const names: Names = {
  stack: {
    services: [
      service('billing'),
      service('twins', { replicas: 2 }),
      service('order-mailer', { routes: [{ name: 'letters', uris: ['/api/post', '/api/mail/*'] }] }),
    ],
    resources: [{ name: 'broker' }] as never,
  },
  flows: ['smoke'],
  packages: ['library'],
  hasFolder: (name) => name === 'old' || name === 'billing-2',
};
const command = (name: string) => `add ${name}`;
const refused = (name: string) => {
  try {
    checkServiceName(name, names, command);
  } catch (error) {
    return error as { code: string; message: string; hint: string; exit: number };
  }
  return undefined;
};

describe('the name of a new service', () => {
  test.each([
    'a',
    'invoice',
    'invoice-2',
    'order_mail',
    'constructor',
    'x'.repeat(40),
  ])('%s is free', (name) => {
    expect(refused(name)).toBeUndefined();
  });

  test.each([
    ['billing', 'the stack has a service billing', 'billing-3'],
    ['twins-2', 'an instance of twins has it', 'twins-2-2'],
    ['order_mailer', 'the same variables', 'order_mailer-2'],
    ['letters', 'a route of order-mailer has it', 'letters-2'],
    ['mail', '/api/mail is answered by the route letters', 'mail-2'],
    ['post', '/api/post is answered', 'post-2'],
    ['broker', 'a resource broker', 'broker-2'],
    ['smoke', 'a flow smoke', 'smoke-2'],
    ['library', 'a package library', 'library-2'],
    ['old', 'there is a folder services/old', 'old-2'],
    ['supervisor', 'qbtc keeps it for itself', 'supervisor-2'],
    ['node_modules', 'taken for what a program has written', 'node_modules-2'],
  ])('%s is taken: %s', (name, why, near) => {
    const error = refused(name);
    expect(error).toMatchObject({ code: 'NAME_TAKEN', hint: `add ${near}`, exit: 64 });
    expect(error?.message).toContain(why);
  });

  test.each([
    ['', 'service'],
    ['Billing', 'billing-3'],
    ['2fast', 'service-2fast'],
    ['../../etc', 'etc'],
    ['__proto__', 'proto'],
    ['größe', 'grosse'],
    ['a b', 'a-b'],
    ['-x', 'x'],
    ['x'.repeat(41), 'x'.repeat(37)],
  ])('%j is none', (name, near) => {
    expect(refused(name)).toMatchObject({ code: 'NAME_INVALID', hint: `add ${near}`, exit: 64 });
  });

  test('whatever is asked for, what is named instead would do', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('billing', 'old', 'twins-1')),
        (name) => {
          const error = refused(name);
          if (error === undefined) return;
          const near = error.hint.slice('add '.length);
          expect(near).toMatch(NAME);
          expect(refused(near)).toBeUndefined();
        },
      ),
    );
  });
});

describe('the port of a new service', () => {
  const ports = {
    base: 1000,
    taken: new Map([
      [9700, 'billing'],
      [9701, 'broker'],
    ]),
    outgoing: { first: 32_768, last: 60_999, reserved: [] },
    isFree: async (port: number) => port !== 9703,
  };
  const choose = (asked: number | undefined, from = 8700) =>
    choosePort({ asked, from }, ports, (port) => `--port ${port}`);

  test('is the one that is asked for, or the next that is free', async () => {
    expect(await choose(8702)).toBe(8702);
    expect(await choose(undefined)).toBe(8702);
    expect(await choose(undefined, 8703)).toBe(8704);
    // Behind the last that may be had the search begins anew.
    expect(await choose(undefined, 64_536)).toBe(1024);
  });

  test.each([
    [8700, 'it, 9700 with the port base, is that of billing', 8702],
    [8703, 'something listens on it, 9703 with the port base, on this machine', 8704],
    [40_000, 'this machine gives it, 41000 with the port base, to outgoing connections', 60_000],
    [5000, 'browsers and fetch refuse it', 5001],
    [65_535, 'with the port base it is 66535, and ports end at 65535', 1024],
  ])('%i is refused: %s', async (port, why, near) => {
    await expect(choose(port)).rejects.toMatchObject({
      code: 'PORT_TAKEN',
      message: expect.stringContaining(why),
      hint: `--port ${near}`,
      exit: 64,
    });
  });
});
