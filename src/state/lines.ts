import { appendFile, mkdir, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { withFileLock } from './lock.ts';

/** Appends a document as a line. After one that a crash cut short it begins a new line: only the cut one is lost. */
export async function appendLine(file: string, document: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  await withFileLock(file, async () => {
    const begin = (await endsWithin(file)) ? '\n' : '';
    await appendFile(file, `${begin}${JSON.stringify(document)}\n`, { mode: 0o600 });
  });
}

async function endsWithin(file: string): Promise<boolean> {
  const handle = await open(file, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  try {
    const size = (await handle?.stat())?.size ?? 0;
    if (handle === undefined || size === 0) return false;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] !== 0x0a;
  } finally {
    await handle?.close();
  }
}
