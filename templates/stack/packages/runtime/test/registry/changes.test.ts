import { describe, expect, it } from 'vitest';
import { changesBetween } from '../../src/registry/changes.ts';
import type { Instance } from '../../src/registry/index.ts';
import { instanceOf } from '../instance.ts';

const instance = (name: string, fields: Partial<Instance> = {}) =>
  instanceOf({ name: 'service', port: 1, instance: name, ...fields });

describe('changes between two looks', () => {
  it('are who came, who went, and what is different; a heartbeat is no change', () => {
    const before = [instance('a'), instance('b'), instance('c')];
    const now = [
      instance('a', { beat_at: 'later' }),
      instance('b', { status: 'unhealthy', metadata: { x: 'y' } }),
      instance('d'),
    ];
    expect(
      changesBetween(before, now).map(({ kind, instance: { instance: name }, ...rest }) => [
        kind,
        name,
        rest,
      ]),
    ).toEqual([
      ['changed', 'b', { fields: ['metadata', 'status'] }],
      ['gone', 'c', {}],
      ['registered', 'd', {}],
    ]);
    expect(changesBetween(now, now)).toEqual([]);
  });
});
