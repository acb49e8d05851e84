import * as z from 'zod';
import { FAULT_KIND_NAMES, type InjectedFault } from '../model/chaos.ts';
import { stateFile } from '../state/index.ts';

const fault = z.object({
  name: z.string(),
  kind: z.enum(FAULT_KIND_NAMES),
  subject: z.string(),
  options: z.record(z.string(), z.unknown()),
  at: z.string(),
  memory: z.record(z.string(), z.unknown()),
}) as unknown as z.ZodType<InjectedFault>;

const file = stateFile<InjectedFault[]>('chaos', z.array(fault), []);

/**
 * What is injected and not undone, oldest first. Each was written down before anything was done.
 *
 * @throws QbtcError `CHAOS_UNREADABLE`
 */
export const readJournal = (root: string): Promise<InjectedFault[]> => file.read(root);

/** Adds a fault, or puts it in the place of one of the same name. */
export async function note(root: string, added: InjectedFault): Promise<void> {
  await file.change(root, (faults) => [...faults.filter(({ name }) => name !== added.name), added]);
}

export async function strike(root: string, name: string): Promise<void> {
  await file.change(root, (faults) => faults.filter((each) => each.name !== name));
}
