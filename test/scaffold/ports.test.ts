import { once } from 'node:events';
import { type AddressInfo, createServer, type ListenOptions } from 'node:net';
import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { REFUSED_BY_FETCH } from '../../src/config/ports.ts';
import { QbtcError } from '../../src/errors.ts';
import { checkPortBase, isPortFree, pickPortBase } from '../../src/scaffold/ports.ts';

/** A port that is listened on until the test ends; `undefined` where the address does not exist. */
async function hold(options: ListenOptions): Promise<number | undefined> {
  const server = createServer();
  onTestFinished(async () => {
    server.close();
  });
  try {
    server.listen({ port: 0, ...options });
    await once(server, 'listening');
  } catch {
    return undefined;
  }
  return (server.address() as AddressInfo).port;
}

describe('isPortFree', () => {
  test.each<ListenOptions>([
    { host: '127.0.0.1' },
    { host: '0.0.0.0' },
    { host: '::' },
    { host: '::', ipv6Only: true },
    { host: '::1' },
  ])('a holder of %j is seen', async (options) => {
    const port = await hold(options);
    // A machine without IPv6 has nobody who could hold such an address.
    if (port === undefined) return expect(options.host).toContain(':');
    expect(await isPortFree(port)).toBe(false);
  });

  test('a port is free again, and stays so after it was looked at', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    expect(await isPortFree(port)).toBe(true);
    expect(await isPortFree(port)).toBe(true);
  });
});

describe('pickPortBase', () => {
  test('is the first base at which nothing is taken', async () => {
    const ports = fc.uniqueArray(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 8 });
    const takenBases = fc.subarray(Array.from({ length: 20 }, (_, index) => index * 1000));
    await fc.assert(
      fc.asyncProperty(ports, takenBases, async (declared, bases) => {
        const taken = new Set(bases.map((base) => base + (declared[0] ?? 0)));
        const isFree = async (port: number) => !taken.has(port);
        const base = await pickPortBase(declared, isFree);
        const works = (candidate: number) =>
          declared.every((port) => !taken.has(port + candidate) && !REFUSED_BY_FETCH.has(port + candidate));
        expect(works(base)).toBe(true);
        for (let lower = 0; lower < base; lower += 1000) expect(works(lower)).toBe(false);
      }),
    );
  });

  test('never puts a gateway where browsers refuse to go', async () => {
    expect(await pickPortBase([9080], async (port) => port !== 9080)).toBe(2000);
    expect(() => checkPortBase(1000, [9080])).toThrow(QbtcError);
    expect(checkPortBase(2000, [9080])).toBe(2000);
  });

  test('keeps off the ports that the machine gives to outgoing connections, reserved ones apart', async () => {
    const outgoing = { first: 9000, last: 12_500, reserved: [{ first: 11_080, last: 11_080 }] };
    const free = async () => true;
    expect(await pickPortBase([9080], free, outgoing)).toBe(2000);
    expect(await pickPortBase([9080], free, { ...outgoing, reserved: [] })).toBe(4000);
    expect(checkPortBase(2000, [9080], outgoing)).toBe(2000);
    expect(() => checkPortBase(3000, [9080], outgoing)).toThrow(
      expect.objectContaining({
        code: 'PORT_BASE_INVALID',
        exit: 64,
        details: ['12080: this machine gives the ports 9000 to 12500 to outgoing connections'],
      }),
    );
    // The last base below the usual range of Linux, for the management port of the broker.
    const linux = { first: 32_768, last: 60_999, reserved: [] };
    expect(checkPortBase(17_095, [15_672], linux)).toBe(17_095);
    expect(() => checkPortBase(17_096, [15_672], linux)).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('a base up to 17095') }),
    );
  });

  test('says so when there is none', async () => {
    await expect(pickPortBase([8000], async () => false)).rejects.toMatchObject({
      code: 'PORTS_TAKEN',
      hint: expect.stringContaining('--port-base'),
    });
    await expect(pickPortBase([65_535, 70_000])).rejects.toMatchObject({ code: 'PORTS_TAKEN' });
  });
});

describe('checkPortBase', () => {
  test('takes a base at which every port is one', () => {
    expect(checkPortBase(0, [8000])).toBe(0);
    expect(checkPortBase(49_865, [15_670])).toBe(49_865);
  });

  test.each([-1, 1.5, Number.NaN, 49_866, 50_001])('refuses %d', (base) => {
    expect(() => checkPortBase(base, [15_670])).toThrow(
      expect.objectContaining({ code: 'PORT_BASE_INVALID', exit: 64 }),
    );
  });
});
