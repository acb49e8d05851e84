import { describe, expect, it } from 'vitest';
import { HeaderList } from '../../../../src/embedded/gateway/http/header-list.ts';
import { type CachedAnswer, CacheZone } from '../../../../src/embedded/gateway/plugin-support/cache-zone.ts';

const answer = (bytes: number): CachedAnswer => ({
  status: 200,
  headers: new HeaderList(['A', 'b']),
  body: Buffer.alloc(bytes),
  storedAt: 0,
  ttl: 1,
  vary: [],
});

describe('a cache zone', () => {
  it('forgets what was asked for the longest ago when it is full', () => {
    const zone = new CacheZone(10_000);
    for (const key of ['a', 'b', 'c']) expect(zone.set(key, answer(2500))).toBe(true);
    expect(zone.get('a')?.status).toBe(200);
    zone.set('d', answer(2500));
    expect(['a', 'b', 'c', 'd'].filter((key) => zone.get(key) !== undefined)).toEqual(['a', 'c', 'd']);
    zone.set('d', answer(1));
    zone.set('e', answer(2500));
    expect(['a', 'c', 'd', 'e'].filter((key) => zone.get(key) !== undefined)).toEqual(['a', 'c', 'd', 'e']);
  });

  it('keeps nothing that is larger than itself, also not what was there under its key', () => {
    const zone = new CacheZone(10_000);
    zone.set('a', answer(1));
    expect(zone.set('a', answer(10_000))).toBe(false);
    expect(zone.get('a')).toBeUndefined();
    expect(zone.delete('a')).toBe(false);
  });

  it('collects no more at a time than it has room for', () => {
    const zone = new CacheZone(10_000);
    const [one, other] = [zone.collect(), zone.collect()];
    one.add(Buffer.alloc(6000));
    other.add(Buffer.alloc(5000));
    other.add(Buffer.alloc(1));
    expect(other.end()).toBeUndefined();
    expect(one.end()).toHaveLength(6000);
    const next = zone.collect();
    next.add(Buffer.alloc(10_000));
    next.drop();
    next.drop();
    expect(next.end()).toBeUndefined();
    const last = zone.collect();
    last.add(Buffer.alloc(10_000));
    expect(last.end()).toHaveLength(10_000);
  });
});
