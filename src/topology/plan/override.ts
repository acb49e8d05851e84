import { literalPattern } from '../../literal-pattern.ts';
import { EXCHANGE_TARGETS, type Policy, targetsOfQueue } from '../../model/topology.ts';
import { POLICY_SETTINGS } from '../arguments.ts';
import { GENERATED_POLICY } from '../names.ts';

/**
 * The policy that changes one queue or exchange as it is. Only one policy holds for each, so it also says what the one
 * says that it displaces, and stands above every other that matches.
 */
export function overridingPolicy(
  applyTo: 'queues' | 'exchanges',
  name: string,
  settings: Record<string, unknown>,
  policies: readonly Policy[],
  /** Of the queue. */
  type = 'classic',
): Policy {
  const targets = applyTo === 'queues' ? targetsOfQueue(type) : EXCHANGE_TARGETS;
  const matching = policies.filter(
    (policy) =>
      !policy.name.startsWith(GENERATED_POLICY) &&
      targets.has(policy['apply-to']) &&
      new RegExp(policy.pattern).test(name),
  );
  const [displaced] = matching.sort((a, b) => b.priority - a.priority);
  return {
    name: `${GENERATED_POLICY}${name}`,
    pattern: `^${literalPattern(name)}$`,
    'apply-to': applyTo,
    priority: (displaced?.priority ?? 0) + 1,
    definition: { ...displaced?.definition, ...settings },
  };
}

/**
 * The settings of a policy under which a queue with the arguments `there` behaves as one with those declared;
 * `undefined` where no policy can do that.
 */
export function settingsFor(
  declared: Record<string, unknown>,
  there: Record<string, unknown>,
): Record<string, unknown> | undefined {
  const settings: Record<string, unknown> = {};
  for (const name of new Set([...Object.keys(declared), ...Object.keys(there)])) {
    const [to, from] = [declared[name], there[name]];
    if (to === from) continue;
    const known = POLICY_SETTINGS[name];
    // What the queue itself says, no policy takes away.
    if (known === undefined || to === undefined) return undefined;
    const holds = from === undefined || (known.isLimit && Number(to) < Number(from));
    if (!holds) return undefined;
    settings[known.setting] = to;
  }
  return settings;
}
