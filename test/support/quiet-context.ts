import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { Context, Io } from '../../src/context.ts';
import { createContext } from '../../src/system/index.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The real context of this checkout, with a terminal that keeps what it is told. */
export function quietContext(options: { interrupted?: AbortSignal } = {}): Context & { said: string[] } {
  const context = createContext(
    process,
    { root, version: '0.1.0' },
    options.interrupted ?? new AbortController().signal,
  );
  const said: string[] = [];
  const io: Io = {
    ...context.io,
    out: (text) => void said.push(text),
    err: (text) => void said.push(text),
    interactive: false,
    progress: {
      step: (name, waitingFor) => void said.push(`… ${name}: ${waitingFor ?? ''}`),
      done: (name, result) => void said.push(`✔ ${name}: ${result ?? ''}`),
      failed: (name, reason) => void said.push(`✖ ${name}: ${reason}`),
      stop() {},
    },
  };
  return { ...context, io, said };
}

/** A folder that is removed when the test ends. */
export async function temporaryFolder(name = 'qbtc test ü '): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), name));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}
