import { nearest } from '../config/mistake.ts';
import { EXIT, QbtcError } from '../errors.ts';
import { FAULT_KIND_NAMES, type Fault, type FaultOptions } from '../model/chaos.ts';
import type { Stack } from '../model/stack.ts';
import { FAULTS } from './registry.ts';

/** The options as they are written, for messages. */
export const OPTION_NAMES: Record<keyof FaultOptions, string> = {
  latencyMs: 'latency',
  jitterMs: 'jitter',
  bytesPerSecond: 'bandwidth',
  loss: 'loss',
  reset: 'reset',
  count: 'count',
  key: 'key',
  held: 'held',
};

/** The names of all faults that this stack can have. */
export async function faultNames(stack: Stack): Promise<string[]> {
  const names = await Promise.all(
    FAULT_KIND_NAMES.map(async (kind) => {
      const subjects = await FAULTS[kind].subjects(stack);
      return subjects.map((subject) => `${subject}-${kind}`);
    }),
  );
  return names.flat();
}

/**
 * The fault of that name: `broker-down`.
 *
 * @throws QbtcError `FAULT_UNKNOWN` with the nearest name; `FAULT_OPTION` for an option that its kind does not take
 */
export async function faultNamed(stack: Stack, name: string, options: FaultOptions): Promise<Fault> {
  for (const kind of FAULT_KIND_NAMES) {
    const subject = name.endsWith(`-${kind}`) ? name.slice(0, -kind.length - 1) : undefined;
    if (subject === undefined || !(await FAULTS[kind].subjects(stack)).includes(subject)) continue;
    const { takes } = FAULTS[kind];
    const foreign = (Object.keys(options) as (keyof FaultOptions)[]).find(
      (option) => options[option] !== undefined && option !== 'held' && !takes.includes(option),
    );
    if (foreign !== undefined) {
      const known = takes.filter((each) => each !== 'held').map((each) => OPTION_NAMES[each]);
      throw new QbtcError('FAULT_OPTION', `${name} takes no ${OPTION_NAMES[foreign]}`, {
        exit: EXIT.usage,
        hint: known.length === 0 ? 'it takes no options' : `it takes ${known.join(', ')}`,
      });
    }
    return { name, kind, subject, options };
  }
  const known = await faultNames(stack);
  const near = nearest(name, known);
  throw new QbtcError('FAULT_UNKNOWN', `no fault is named "${name}"`, {
    exit: EXIT.usage,
    hint: `${near === undefined ? '' : `did you mean ${near}? `}a fault is a subject and a kind: ${FAULT_KIND_NAMES.join(', ')}; qbtc chaos list names them`,
  });
}
