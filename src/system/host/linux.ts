import { readdir, readFile, readlink } from 'node:fs/promises';
import { parseStat } from '../../alive.ts';
import type { Host } from '../../context.ts';
import type {
  ListeningSocket,
  OutgoingPorts,
  ProcessFamily,
  RunningProcess,
} from '../../model/observation.ts';
import { createListenerOwners, ownersOf } from './socket-owners.ts';

/** States of the column `st`. */
const ESTABLISHED = '01';
const LISTEN = '0A';
const TABLES = ['/proc/net/tcp', '/proc/net/tcp6'];

interface TableRow {
  host: string;
  port: number;
  inode: string;
}

/**
 * The rows of `/proc/net/tcp` or `tcp6` in one state, the listening ones when left out.
 * Columns as in proc(5): sl, local_address, rem_address, st, …, inode (10th). Addresses are hexadecimal in
 * host byte order, in words of 32 bits.
 */
export function parseSocketTable(text: string, wanted: string = LISTEN): TableRow[] {
  const rows: TableRow[] = [];
  for (const line of text.split('\n').slice(1)) {
    const columns = line.trim().split(/\s+/);
    const [, local, , state] = columns;
    const inode = columns[9];
    if (local === undefined || state !== wanted || inode === undefined) continue;
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

/** The parent, group and session (4th to 6th field) of `/proc/PID/stat`. */
export function parseFamily(stat: string): ProcessFamily {
  const [, parent, group, session] = stat
    .slice(stat.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const known = (id: number | undefined) => id !== undefined && id > 0;
  return {
    ...(known(parent) ? { parent } : {}),
    ...(known(group) ? { group } : {}),
    ...(known(session) ? { session } : {}),
  } as ProcessFamily;
}

/** The id of a container stands in the name of its control group: 64 hexadecimal digits, whatever made it. */
export function parseContainer(cgroup: string): string | undefined {
  return /(?:^|[/:-])([0-9a-f]{64})(?:\.scope)?(?:\/|$)/m.exec(cgroup)?.[1];
}

/** `32768\t60999`, and `8080,9148-9150`: https://docs.kernel.org/networking/ip-sysctl.html */
export function parsePortRange(range: string, reserved: string): OutgoingPorts | undefined {
  const [first, last] = range.trim().split(/\s+/).map(Number);
  if (first === undefined || last === undefined || !(first > 0 && last >= first)) return undefined;
  const ranges = reserved
    .trim()
    .split(',')
    .filter((part) => /^\d+(-\d+)?$/.test(part))
    .map((part) => part.split('-').map(Number));
  return { first, last, reserved: ranges.map(([from = 0, to = from]) => ({ first: from, last: to })) };
}

async function readTables(): Promise<string[]> {
  return Promise.all(TABLES.map((file) => readFile(file, 'utf8').catch(() => '')));
}

async function readProcess(pid: number): Promise<RunningProcess | undefined> {
  const folder = `/proc/${pid}`;
  const command = await readFile(`${folder}/cmdline`, 'utf8').catch(() => '');
  // A thread of the kernel, or a zombie, has no command line.
  if (command === '') return undefined;
  const [stat, cwd, cgroup] = await Promise.all([
    readFile(`${folder}/stat`, 'utf8').catch(() => ''),
    readlink(`${folder}/cwd`).catch(() => undefined),
    readFile(`${folder}/cgroup`, 'utf8').catch(() => ''),
  ]);
  const args = command.replace(/\0+$/, '').split('\0');
  const container = parseContainer(cgroup);
  return {
    pid,
    ...parseFamily(stat),
    program: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')),
    args,
    ...(cwd === undefined ? {} : { cwd }),
    ...(container === undefined ? {} : { container }),
  };
}

const listenerOwners = createListenerOwners();

/** Linux and WSL: everything from `/proc`. */
export const linuxHost: Host = {
  async listeningSockets() {
    const rows = (await readTables()).flatMap((text) => parseSocketTable(text));
    const pids = listenerOwners(new Set(rows.map((row) => row.inode)));
    return Promise.all(
      rows.map(async ({ host, port, inode }): Promise<ListeningSocket> => {
        const pid = pids.get(inode);
        if (pid === undefined) return { host, port };
        const program = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
        return { host, port, pid, ...(program === '' ? {} : { program: program.trim() }) };
      }),
    );
  },
  async listeningMark() {
    const rows = (await readTables()).flatMap((text) => parseSocketTable(text));
    return rows
      .map(({ port, inode }) => `${port}/${inode}`)
      .sort()
      .join(' ');
  },
  async connectionOwners(localPorts) {
    const rows = (await readTables())
      .flatMap((text) => parseSocketTable(text, ESTABLISHED))
      .filter(({ port }) => localPorts.has(port));
    if (rows.length === 0) return new Map();
    const pids = ownersOf(new Set(rows.map(({ inode }) => inode)));
    return new Map(
      rows.flatMap(({ port, inode }) => {
        const pid = pids.get(inode);
        return pid === undefined ? [] : [[port, pid] as const];
      }),
    );
  },
  async processes() {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
    const found = await Promise.all(pids.map(readProcess));
    return found.filter((each) => each !== undefined);
  },
  async processFamily(pid) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    return stat === undefined ? undefined : parseFamily(stat);
  },
  async outgoingPorts() {
    const folder = '/proc/sys/net/ipv4';
    const [range, reserved] = await Promise.all(
      ['ip_local_port_range', 'ip_local_reserved_ports'].map((name) =>
        readFile(`${folder}/${name}`, 'utf8').catch(() => ''),
      ),
    );
    return parsePortRange(range ?? '', reserved ?? '');
  },
  async processVariable(name) {
    const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry)).map(Number);
    const found = await Promise.all(
      pids.map(async (pid) => {
        const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => '');
        const line = environment.split('\0').find((each) => each.startsWith(`${name}=`));
        return line === undefined ? [] : [[pid, line.slice(name.length + 1)] as const];
      }),
    );
    return new Map(found.flat());
  },
  async processStartTime(pid) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
    return stat === undefined ? undefined : parseStat(stat)?.startTime;
  },
};
