import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { join } from '../../src/discovery/join.ts';
import type { Claim, Sighting } from '../../src/discovery/source.ts';

const claim = (name: string, kin = 'image:x'): Claim => ({ name, origin: 'labelled', kin });
const container = 'c'.repeat(64);
const at = (port: number, host = '127.0.0.1') => ({ host, port });

test('container, process and port of the same thing are one', () => {
  const [one, ...others] = join([
    { source: 'processes', found: 'process', pid: 7, container },
    { source: 'docker', found: 'container', container, address: at(3000), claim: claim('web') },
    { source: 'ports', found: 'socket', address: at(3000, '0.0.0.0'), pid: 7 },
    { source: 'rabbitmq', found: 'consumer', pid: 7 },
  ]);
  expect(others).toEqual([]);
  expect(one).toMatchObject({ pid: 7, container, listens: true });
  expect(one?.sightings.map(({ source }) => source)).toEqual(['docker', 'ports', 'processes', 'rabbitmq']);
});

test('a name alone joins nothing: two claims at two addresses are two, even of one process', () => {
  const sightings: Sighting[] = [
    { source: 'stack', found: 'a', address: at(1), claim: claim('web') },
    { source: 'stack', found: 'b', address: at(2), claim: claim('web') },
    { source: 'ports', found: 'a listens', address: at(1), pid: 7 },
    { source: 'ports', found: 'b listens', address: at(2), pid: 7 },
  ];
  expect(join(sightings).map((each) => each.sightings.length)).toEqual([2, 2]);
});

test('further ports of a process that is claimed are its own; an account joins what no pid does', () => {
  const candidates = join([
    { source: 'stack', found: 'declared', address: at(1), claim: claim('core') },
    { source: 'ports', found: 'listens', address: at(1), pid: 7 },
    { source: 'ports', found: 'its metrics', address: at(2), pid: 7 },
    { source: 'rabbitmq', found: 'its connection', guess: 'core' },
  ]);
  expect(candidates).toHaveLength(1);
  expect(candidates[0]?.addresses).toEqual([at(1), at(2)]);
  expect(candidates[0]?.joinedBy).toEqual(['port 1', 'pid 7', 'account of core']);
});

test('the same port of two hosts is not the same', () => {
  expect(
    join([
      { source: 'bus', found: 'there', address: at(80, '10.0.0.5'), claim: claim('web') },
      { source: 'ports', found: 'here', address: at(80), pid: 7 },
    ]),
  ).toHaveLength(2);
});

const sighting = fc.record(
  {
    source: fc.constantFrom('stack', 'docker', 'ports', 'processes', 'rabbitmq', 'bus', 'registry'),
    found: fc.string({ maxLength: 3 }),
    address: fc.record({
      host: fc.constantFrom('127.0.0.1', '0.0.0.0', '::1', '172.17.0.2'),
      port: fc.integer({ min: 1, max: 4 }),
    }),
    pid: fc.integer({ min: 1, max: 3 }),
    container: fc.constantFrom('a', 'b'),
    claim: fc.constantFrom(claim('x'), claim('y', 'bus')),
    guess: fc.constantFrom('x', 'z'),
  },
  { requiredKeys: ['source', 'found'] },
) as fc.Arbitrary<Sighting>;

test('each sighting ends up in exactly one place, whatever the order', () => {
  fc.assert(
    fc.property(
      fc
        .array(sighting, { maxLength: 12 })
        // What is seen twice in the same words is the same sighting.
        .map((all) => all.map((each, index): Sighting => ({ ...each, found: `${index} ${each.found}` })))
        .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length }))),
      ([all, shuffled]) => {
        const candidates = join(all);
        const seen = candidates.flatMap((each) => each.sightings);
        expect(new Set(seen)).toEqual(new Set(all));
        expect(seen).toHaveLength(all.length);
        expect(join(shuffled)).toEqual(candidates);
      },
    ),
  );
});
