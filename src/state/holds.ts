import * as z from 'zod';
import { EXIT, QbtcError } from '../errors.ts';
import { stateFile } from './state-file.ts';

/** A part that a fault of `qbtc chaos` keeps as it is until the fault is undone: nothing of ours starts it again. */
export interface Hold {
  /** The resource or service. */
  part: string;
  /** The name of the fault: `broker-down`. */
  fault: string;
}

const schema = z.array(z.object({ part: z.string(), fault: z.string() }));
const file = stateFile<Hold[]>('holds', schema, []);

/** @throws QbtcError `HOLDS_UNREADABLE` */
export const readHolds = (root: string): Promise<Hold[]> => file.read(root);

export async function hold(root: string, part: string, fault: string): Promise<void> {
  await file.change(root, (holds) => [
    ...holds.filter((each) => each.part !== part || each.fault !== fault),
    { part, fault },
  ]);
}

/** Lets go of what the fault holds. */
export async function letGo(root: string, fault: string): Promise<void> {
  await file.change(root, (holds) => holds.filter((each) => each.fault !== fault));
}

/**
 * Refuses to start what is held.
 *
 * @throws QbtcError `HELD`
 */
export async function refuseHeld(root: string, names: readonly string[]): Promise<void> {
  const held = (await readHolds(root)).filter(({ part }) => names.includes(part));
  if (held.length === 0) return;
  const listed = held.map(({ part, fault }) => `${part} by ${fault}`).join(', ');
  throw new QbtcError('HELD', `held by a fault of qbtc chaos: ${listed}`, {
    exit: EXIT.findings,
    hint: 'qbtc chaos undo',
  });
}
