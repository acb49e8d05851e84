import { isDeepStrictEqual } from 'node:util';
import type { Instance } from './index.ts';

export type Change =
  | { kind: 'registered'; instance: Instance }
  /** `fields`: what is not as before, apart from the time of the heartbeat. */
  | { kind: 'changed'; instance: Instance; fields: string[] }
  | { kind: 'gone'; instance: Instance };

const NO_CHANGE = new Set(['beat_at']);

/** What happened between two looks at the registry, in the order of the instances' names. */
export function changesBetween(before: readonly Instance[], now: readonly Instance[]): Change[] {
  const former = new Map(before.map((each) => [each.instance, each]));
  const present = new Set(now.map(({ instance }) => instance));
  const changes = now.flatMap((instance): Change[] => {
    const was = former.get(instance.instance);
    if (was === undefined) return [{ kind: 'registered', instance }];
    const fields = [...new Set([...Object.keys(was), ...Object.keys(instance)])].filter(
      (field) =>
        !NO_CHANGE.has(field) &&
        !isDeepStrictEqual(was[field as keyof Instance], instance[field as keyof Instance]),
    );
    return fields.length === 0 ? [] : [{ kind: 'changed', instance, fields }];
  });
  const gone = before
    .filter(({ instance }) => !present.has(instance))
    .map((instance): Change => ({ kind: 'gone', instance }));
  return [...changes, ...gone].sort((a, b) => (a.instance.instance < b.instance.instance ? -1 : 1));
}
