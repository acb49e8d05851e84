import { rename, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { encode, type Schema, stateFile } from '../../state/index.ts';
import type { SupervisorState } from './protocol.ts';

/** Checked by hand: the supervisor reads it, too, and stays small without a library for it. */
const schema: Schema<SupervisorState | undefined> = {
  safeParse(value) {
    const { processes } = (value ?? {}) as Partial<SupervisorState>;
    const wrong = (path: string, message: string) => ({
      success: false as const,
      error: { issues: [{ path: [path], message }] },
    });
    if (!Array.isArray(processes)) return wrong('processes', 'expected a list');
    if (processes.some((each) => typeof each?.name !== 'string'))
      return wrong('processes', 'expected a name in each');
    return { success: true, data: value as SupervisorState };
  },
};

const file = stateFile<SupervisorState | undefined>('supervisor', schema, undefined);

export const stateFileOf = (root: string): string => file.path(root);

/**
 * The last state that a supervisor wrote, also when it has crashed since; `undefined` when there was none. What came
 * along in a copy of a stack is about the original.
 *
 * @throws QbtcError `STATE_UNREADABLE`
 */
export async function readState(root: string): Promise<SupervisorState | undefined> {
  const state = await file.read(root);
  if (state?.root === undefined || state.root === root) return state;
  const original = await file.read(state.root).catch(() => undefined);
  const isCopy =
    original?.supervisor?.pid === state.supervisor?.pid &&
    original?.supervisor?.startTime === state.supervisor?.startTime;
  return isCopy ? undefined : state;
}

/** Writes the state into the working folder, which is the one of the state wherever it was moved. */
export async function writeStateHere(state: SupervisorState): Promise<void> {
  const name = basename(stateFileOf('.'));
  const draft = `${name}.${process.pid}`;
  await writeFile(draft, encode(state), { mode: 0o600 });
  await rename(draft, name);
}
