import type { Fact } from '../fact.ts';
import { baseName } from '../repository.ts';
import type { ConsumedQueue, DraftService, Field } from './draft.ts';
import type { Part } from './parts.ts';
import type { Surroundings } from './surroundings.ts';

/** A name that a message can be sent to, and no reference. */
const USABLE = /^[^${}\s]{1,255}$/;

/**
 * The queues that a service takes messages from, by its code. Those alone of a service that gets the address of the
 * broker from qbtc: another one would be at another broker, or in another vhost.
 */
export function consumedBy(
  { hints, shared }: Part,
  { env, command }: Pick<DraftService, 'env' | 'command'>,
  facts: readonly Fact[],
  { resources }: Surroundings,
): Field<ConsumedQueue>[] {
  const brokers = [...resources.values()].filter(({ kind }) => kind === 'rabbitmq').map(({ name }) => name);
  const values = Object.values(env).map(({ value }) => value);
  if (!brokers.some((name) => values.some((value) => value.includes(`\${resources.${name}.`)))) return [];
  const declared = facts.flatMap((fact) => (fact.kind === 'document' ? (fact.queues ?? []) : []));
  const found = new Map<string, Field<ConsumedQueue>>();
  for (const hint of hints) {
    if (hint.kind !== 'consumes') continue;
    // Of services that share their code each runs a file of its own.
    if (shared && !command.value.some((word) => baseName(word) === baseName(hint.at.file))) continue;
    const queue = (hint.variable === undefined ? undefined : env[hint.variable]?.value) ?? hint.queue;
    if (!USABLE.test(queue) || found.has(queue)) continue;
    const document = declared.find(({ name }) => name === queue);
    found.set(queue, {
      value: { queue, asked: hint.at, json: hint.json },
      at: document?.at ?? hint.at,
      ...(document === undefined ? { guess: true as const } : {}),
    });
  }
  return [...found.values()];
}
