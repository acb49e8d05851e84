import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type AnnouncedInstance, announcementsOf } from '../../src/discovery/announce.ts';
import { ANNOUNCED, ANNOUNCER, foldAnnouncements } from '../../src/discovery/announcements.ts';
import { openContracts } from '../../src/events/index.ts';
import { CHECKOUT } from '../support/qbtc.ts';
import { emptyStack } from '../support/stack.ts';

const event = (type: string, data: object, time: string, source = 'shop') =>
  Buffer.from(JSON.stringify({ type, source, time, data }));
const there = { name: 'shop', instance: 'shop-1', host: '10.0.0.5', port: 3000, protocol: 'http' };

describe('what was announced', () => {
  test('of each instance the latest word counts, in whatever order the words came', () => {
    const words = [
      event('service_registered', there, '2026-01-05T10:00:00Z'),
      event('service_changed', { ...there, port: 3001, changes: ['port'] }, '2026-01-05T10:00:02Z'),
      event('service_registered', { ...there, instance: 'shop-2' }, '2026-01-05T10:00:00Z'),
      event('service_gone', { name: 'shop', instance: 'shop-2', reason: 'stopped' }, '2026-01-05T10:00:01Z'),
    ];
    for (const order of [words, [...words].reverse()])
      expect(foldAnnouncements(order)).toMatchObject([{ instance: 'shop-1', port: 3001, source: 'shop' }]);
  });

  test.each([
    ['no JSON', Buffer.from('{')],
    ['no event', Buffer.from('[]')],
    ['another event', event('llm_request', there, '2026-01-05T10:00:00Z')],
    ['no time', event('service_registered', there, 'soon')],
    ['a port out of range', event('service_registered', { ...there, port: 70_000 }, '2026-01-05T10:00:00Z')],
    ['no host', event('service_registered', { ...there, host: 'a/b' }, '2026-01-05T10:00:00Z')],
    ['a name that is none', event('service_registered', { ...there, name: '../x' }, '2026-01-05T10:00:00Z')],
    ['our own word', event('service_registered', there, '2026-01-05T10:00:00Z', ANNOUNCER)],
  ])('%s is passed over', (_, content) => {
    expect(foldAnnouncements([content])).toEqual([]);
  });

  test('nothing that comes over the bus throws', () => {
    fc.assert(fc.property(fc.json(), (text) => foldAnnouncements([Buffer.from(text)]).length === 0));
  });
});

describe('what is to be announced', () => {
  const instance = fc.record({
    name: fc.constantFrom('shop', 'orders'),
    instance: fc.constantFrom('1', '2', '3'),
    version: fc.constantFrom('1', '2'),
    host: fc.constant('127.0.0.1'),
    port: fc.constantFrom(3000, 3001),
    protocol: fc.constant('http' as const),
    health: fc.constant('/health'),
  });
  const world = fc.uniqueArray(instance, { selector: (each) => `${each.name} ${each.instance}` });

  test('who knows what was before and hears it, knows what is now; and hears nothing in vain', () => {
    fc.assert(
      fc.property(world, world, (before, now) => {
        const known = new Map<string, AnnouncedInstance>(
          before.map((each) => [`${each.name} ${each.instance}`, each]),
        );
        const said = announcementsOf(before, now, () => 'stopped');
        for (const { key, data } of said) {
          const {
            changes: _,
            reason: __,
            ...rest
          } = data as unknown as AnnouncedInstance & {
            changes?: unknown;
            reason?: unknown;
          };
          const id = `${rest.name} ${rest.instance}`;
          if (key === 'service.gone') known.delete(id);
          else known.set(id, rest);
        }
        const expected = new Map(now.map((each) => [`${each.name} ${each.instance}`, each]));
        expect(known).toEqual(expected);
        if (before === now) expect(said).toEqual([]);
      }),
    );
  });

  test('every announcement keeps to the contract of the stack', async () => {
    const { contracts } = await openContracts(emptyStack(`${CHECKOUT}/templates/stack`));
    const one: AnnouncedInstance = {
      name: 'shop',
      instance: 'docker:1a2b3c4d5e6f',
      version: '2',
      host: '127.0.0.1',
      port: 3000,
      protocol: 'http',
      health: '/health',
    };
    const other = { ...one, instance: 'docker:2' };
    const said = announcementsOf(
      [one, other],
      [
        { ...one, port: 3001 },
        { ...one, instance: '3' },
      ],
      () => 'crashed',
    );
    expect(said.map(({ key }) => key).sort()).toEqual([
      'service.changed',
      'service.gone',
      'service.registered',
    ]);
    for (const { key, data } of said) expect(contracts.checkData(ANNOUNCED[key], data)).toEqual([]);
  });
});
