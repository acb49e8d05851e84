import { readdir, readFile, readlink } from 'node:fs/promises';
import type { Host } from '../../context.ts';
import type { ListeningSocket } from '../../model/observation.ts';

const LISTEN = '0A';

interface TableRow {
  host: string;
  port: number;
  inode: string;
}

/**
 * The listening rows of `/proc/net/tcp` or `tcp6`.
 * Columns as in proc(5): sl, local_address, rem_address, st, …, inode (10th). Addresses are hexadecimal in
 * host byte order, in words of 32 bits.
 */
export function parseSocketTable(text: string): TableRow[] {
  const rows: TableRow[] = [];
  for (const line of text.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    const [, local, , state] = columns;
    const inode = columns[9];
    if (local === undefined || state !== LISTEN || inode === undefined) continue;
    const [address = '', port = ''] = local.split(':');
    rows.push({ host: parseAddress(address), port: Number.parseInt(port, 16), inode });
  }
  return rows;
}

function parseAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) =>
    (word.match(/../g) ?? []).reverse().map((byte) => Number.parseInt(byte, 16)),
  );
  if (bytes.length === 4) return bytes.join('.');
  const ipv4Mapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (ipv4Mapped) return bytes.slice(12).join('.');
  if (bytes.every((byte) => byte === 0)) return '::';
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return '::1';
  const groups: string[] = [];
  for (let index = 0; index < 16; index += 2) {
    groups.push((((bytes[index] ?? 0) << 8) | (bytes[index + 1] ?? 0)).toString(16));
  }
  return groups.join(':');
}

/** The start time (22nd field, clock ticks since boot) of `/proc/PID/stat`; the name in field 2 may hold blanks and brackets. */
export function parseStartTime(stat: string): string | undefined {
  const afterName = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended: it holds no port and does no work.
  if (afterName[0] === 'Z' || afterName[0] === 'X') return undefined;
  return afterName[19];
}

async function owners(inodes: ReadonlySet<string>): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  await Promise.all(
    pids.map(async (pid) => {
      // Another user's process, or one that has just ended: its sockets stay without an owner.
      const descriptors = await readdir(`/proc/${pid}/fd`).catch(() => []);
      await Promise.all(
        descriptors.map(async (descriptor) => {
          const target = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
          const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
          if (inode !== undefined && inodes.has(inode)) found.set(inode, Number(pid));
        }),
      );
    }),
  );
  return found;
}

/** Linux and WSL: everything from `/proc`. */
export const linuxHost: Host = {
  async listeningSockets() {
    const tables = await Promise.all(
      ['/proc/net/tcp', '/proc/net/tcp6'].map((file) => readFile(file, 'utf8').catch(() => '')),
    );
    const rows = tables.flatMap(parseSocketTable);
    const pids = await owners(new Set(rows.map((row) => row.inode)));
    return Promise.all(
      rows.map(async ({ host, port, inode }): Promise<ListeningSocket> => {
        const pid = pids.get(inode);
        if (pid === undefined) return { host, port };
        const program = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
        return { host, port, pid, ...(program === '' ? {} : { program: program.trim() }) };
      }),
    );
  },
  async processStartTime(pid) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    return stat === undefined ? undefined : parseStartTime(stat);
  },
};
