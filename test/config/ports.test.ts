import fc from 'fast-check';
import { expect, test } from 'vitest';
import { outlineOf, portUses } from '../../src/config/outline.ts';
import { portClashes } from '../../src/config/ports.ts';

const port = fc.integer({ min: 1, max: 40_000 });
const stack = fc.record({
  base: fc.integer({ min: 0, max: 20_000 }),
  broker: fc.record({ port, management_port: port }),
  services: fc.array(fc.record({ port, replicas: fc.integer({ min: 1, max: 8 }) }), { maxLength: 6 }),
});

const outlineFor = (value: typeof stack extends fc.Arbitrary<infer T> ? T : never, base: number) =>
  outlineOf({
    ports: { base },
    infrastructure: { broker: { kind: 'rabbitmq', ...value.broker } },
    services: Object.fromEntries(value.services.map((service, index) => [`s${index}`, service])),
  });

test('the base moves every port by the same distance', () => {
  fc.assert(
    fc.property(stack, (value) => {
      const at = (base: number) => portUses(outlineFor(value, base)).map((use) => use.port);
      expect(at(value.base)).toEqual(at(0).map((number) => number + value.base));
    }),
  );
});

test('there is one use for each resource port and each replica', () => {
  fc.assert(
    fc.property(stack, (value) => {
      const replicas = value.services.reduce((sum, service) => sum + service.replicas, 0);
      expect(portUses(outlineFor(value, value.base))).toHaveLength(2 + replicas);
    }),
  );
});

test('what clashes are exactly the ports beyond the distinct ones', () => {
  fc.assert(
    fc.property(stack, (value) => {
      const uses = portUses(outlineFor(value, value.base));
      const clashes = portClashes(uses);
      expect(uses.length - clashes.length).toBe(new Set(uses.map((use) => use.port)).size);
      for (const { use, first } of clashes) {
        expect(use.port).toBe(first.port);
        expect(uses.indexOf(first)).toBeLessThan(uses.indexOf(use));
      }
    }),
  );
});

test('what stands in for the gateway has ports, too, and a clash with one is told', () => {
  const gateway = { kind: 'apisix', port: 9080 };
  const uses = (port: number, heal: object) =>
    portUses(outlineOf({ infrastructure: { gateway }, services: { api: { port } }, heal }));
  const clash = (port: number, heal: object = {}) =>
    portClashes(uses(port, heal)).map(({ use, first }) => [use.port, use.path.join('.'), first.holder]);
  expect(clash(9079)).toEqual([[9079, 'heal.fallback_port', 'service api']]);
  expect(clash(9078)).toEqual([[9078, 'heal.fallback_port', 'service api']]);
  expect(clash(8000, { fallback_port: 8001 })).toEqual([[8000, 'heal.fallback_port', 'service api']]);
  expect(clash(8000)).toEqual([]);
  // Where no gateway is declared nothing stands in for it.
  expect(portUses(outlineOf({ services: { api: { port: 9079 } } }))).toHaveLength(1);
});
