import type { Context } from '../context.ts';
import { EXIT, messageOf, QbtcError } from '../errors.ts';
import type { Fault, InjectedFault, Undone } from '../model/chaos.ts';
import type { Stack } from '../model/stack.ts';
import { note, readJournal, strike } from './journal.ts';
import { FAULTS } from './registry.ts';

/**
 * Does something bad to the stack, after it was written down how to undo it. What fails half-way is undone at once.
 *
 * @throws QbtcError `CHAOS_NOT_ALLOWED`, `FAULT_IMPOSSIBLE`, `FAULT_INJECTED` when it is there already
 */
export async function inject(context: Context, stack: Stack, fault: Fault): Promise<void> {
  refuseWhereNotAllowed(stack);
  const around = { context, stack };
  const kind = FAULTS[fault.kind];
  const injected = await readJournal(stack.root);
  const other = injected.find(({ name, subject }) => name === fault.name || subject === fault.subject);
  if (other !== undefined) {
    throw new QbtcError('FAULT_INJECTED', `${fault.subject} has a fault already: ${other.name}`, {
      exit: EXIT.usage,
      hint: 'qbtc chaos undo',
    });
  }
  const refusal = await kind.refuses?.(around, fault);
  if (refusal !== undefined) {
    throw new QbtcError('FAULT_IMPOSSIBLE', `${fault.name} cannot be injected: ${refusal}`, {
      exit: EXIT.usage,
    });
  }
  const at = new Date(context.clock.now()).toISOString();
  const remember = (memory: Record<string, unknown>) => note(stack.root, { ...fault, at, memory });
  try {
    await kind.inject(around, fault, remember);
  } catch (error) {
    const calm = { ...context, interrupted: new AbortController().signal };
    // What failed before it was written down has done nothing.
    if ((await readJournal(stack.root)).some(({ name }) => name === fault.name))
      await undo(calm, stack, [fault.name]);
    throw error;
  }
}

/**
 * Undoes faults, the last one first; all when none is named. A fault whose undoing fails stays in the journal.
 *
 * @throws QbtcError `FAULT_NOT_INJECTED` for a name that is not in the journal
 */
export async function undo(context: Context, stack: Stack, names: readonly string[]): Promise<Undone[]> {
  const injected = await readJournal(stack.root);
  const known = new Set(injected.map(({ name }) => name));
  const unknown = names.find((name) => !known.has(name));
  if (unknown !== undefined) {
    throw new QbtcError('FAULT_NOT_INJECTED', `${unknown} is not injected`, {
      exit: EXIT.usage,
      hint: known.size === 0 ? 'nothing is' : `injected: ${[...known].join(', ')}`,
    });
  }
  const chosen = injected.filter(({ name }) => names.length === 0 || names.includes(name));
  const undone: Undone[] = [];
  for (const fault of chosen.toReversed()) undone.push(await undoOne(context, stack, fault));
  return undone;
}

async function undoOne(context: Context, stack: Stack, fault: InjectedFault): Promise<Undone> {
  const { progress } = context.io;
  progress.step(fault.name, 'undoing');
  try {
    await FAULTS[fault.kind].undo({ context, stack }, fault);
    await strike(stack.root, fault.name);
    progress.done(fault.name, 'undone');
    return { fault: fault.name, status: 'done' };
  } catch (error) {
    progress.failed(fault.name, messageOf(error));
    return { fault: fault.name, status: 'failed', reason: messageOf(error) };
  }
}

/** @throws QbtcError `CHAOS_NOT_ALLOWED` */
export function refuseWhereNotAllowed(stack: Stack): void {
  if (stack.chaos.allowed) return;
  throw new QbtcError('CHAOS_NOT_ALLOWED', `${stack.name} does not allow chaos`, {
    exit: EXIT.usage,
    hint: `only where nobody else depends on it: chaos: { allowed: true } in ${stack.file}`,
  });
}
