import type { ContractChange } from '../model/contract.ts';
import { BACKWARD, BOTH, NONE } from './compare/change.ts';
import { Comparison } from './compare/index.ts';
import { References } from './references.ts';
import { ENVELOPE, eventFiles, eventOf, QUEUE, ROUTING_KEY, type SchemaFile } from './schema-file.ts';

/**
 * What has changed between two sets of contracts. An event whose major version has risen is another event, and breaks
 * nobody. What cannot be compared and is not the same counts as breaking both ways: nothing is called harmless that might
 * not be.
 */
export function diffContracts(before: readonly SchemaFile[], after: readonly SchemaFile[]): ContractChange[] {
  const old = new Map(eventFiles(before).map((each) => [each.name, each.schema]));
  const now = new Map(eventFiles(after).map((each) => [each.name, each.schema]));
  const references = { old: new References(before), new: new References(after) };
  const changes: ContractChange[] = [];
  for (const [event, schema] of old) {
    const next = now.get(event);
    if (next === undefined) {
      changes.push({ event, field: '', what: 'was removed', breaks: BACKWARD });
      continue;
    }
    const [from, to] = [eventOf(schema)?.major ?? 0, eventOf(next)?.major ?? 0];
    if (to > from) {
      changes.push({ event, field: '', what: `version ${from} became version ${to}`, breaks: NONE });
      continue;
    }
    if (to < from)
      changes.push({ event, field: '', what: `version ${from} went back to ${to}`, breaks: BOTH });
    const compare = new Comparison(references.old, references.new);
    compare.schemas([schema], [next], '');
    changes.push(...compare.changes.map((change) => ({ event, ...change })));
    const [oldKey, newKey] = [schema[ROUTING_KEY], next[ROUTING_KEY]];
    if (oldKey !== newKey)
      changes.push({
        event,
        field: '',
        what: `the routing key ${String(oldKey)} became ${String(newKey)}`,
        breaks: BOTH,
      });
    const [oldQueue, newQueue] = [schema[QUEUE], next[QUEUE]];
    // Which queue it was before its contract said so, the topology knows.
    if (oldQueue !== newQueue)
      changes.push({
        event,
        field: '',
        what:
          oldQueue === undefined
            ? `it names the queue ${String(newQueue)}`
            : `the queue ${String(oldQueue)} became ${String(newQueue ?? 'none')}`,
        breaks: oldQueue === undefined ? NONE : BOTH,
      });
  }
  for (const event of now.keys())
    if (!old.has(event)) changes.push({ event, field: '', what: 'is new', breaks: NONE });
  const envelopes = [before, after].map((files) => files.find(({ name }) => name === ENVELOPE)?.schema);
  if (envelopes[0] !== undefined && envelopes[1] !== undefined) {
    const compare = new Comparison(references.old, references.new);
    compare.schemas([envelopes[0]], [envelopes[1]], '');
    changes.push(...compare.changes.map((change) => ({ event: ENVELOPE, ...change })));
  }
  return changes;
}
