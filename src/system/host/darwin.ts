import type { Exec, Host } from '../../context.ts';
import type {
  ListeningSocket,
  OutgoingPorts,
  ProcessFamily,
  RunningProcess,
} from '../../model/observation.ts';
import { unreadable } from './unreadable.ts';

/**
 * The output of `lsof -nP -iTCP -sTCP:LISTEN -F pcn`: one field a line, told apart by its first letter;
 * `p` (pid) and `c` (program) hold for the `n` (address) lines that follow them.
 */
export function parseLsof(text: string): ListeningSocket[] {
  const sockets: ListeningSocket[] = [];
  let pid: number | undefined;
  let program: string | undefined;
  for (const line of text.split('\n')) {
    const value = line.slice(1);
    if (line.startsWith('p')) {
      pid = Number(value);
      program = undefined;
    } else if (line.startsWith('c')) program = value;
    else if (line.startsWith('n')) {
      const colon = value.lastIndexOf(':');
      const port = Number(value.slice(colon + 1));
      if (!Number.isInteger(port)) continue;
      const host = value.slice(0, colon).replace(/^\[|\]$/g, '');
      sockets.push({
        host: host === '*' ? '0.0.0.0' : host,
        port,
        ...(pid === undefined ? {} : { pid }),
        ...(program === undefined ? {} : { program }),
      });
    }
  }
  return sockets;
}

/** The output of `lsof -nP -iTCP -sTCP:ESTABLISHED -F pn`: `n127.0.0.1:50123->127.0.0.1:5672` below `p4242`. */
export function parseConnections(text: string): { pid: number; localPort: number }[] {
  const found: { pid: number; localPort: number }[] = [];
  let pid = 0;
  for (const line of text.split('\n')) {
    if (line.startsWith('p')) pid = Number(line.slice(1));
    else if (line.startsWith('n')) {
      const [local = ''] = line.slice(1).split('->');
      const localPort = Number(local.slice(local.lastIndexOf(':') + 1));
      if (Number.isInteger(localPort)) found.push({ pid, localPort });
    }
  }
  return found;
}

/**
 * The output of `ps -axww -o pid=,ppid=,pgid=,command=`. The system tells the command line as one text: words with blanks in
 * them come apart.
 */
export function parsePs(text: string): RunningProcess[] {
  return text.split('\n').flatMap((line) => {
    const [, pid, parent, group, command = ''] = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(.*)$/.exec(line) ?? [];
    if (pid === undefined) return [];
    const args = command.split(/\s+/);
    return [
      {
        pid: Number(pid),
        ...familyOf(parent, group),
        program: (args[0] ?? '').split('/').at(-1) ?? '',
        args,
      },
    ];
  });
}

/** Sessions have no numbers that `ps` of macOS would tell. */
function familyOf(parent: string | undefined, group: string | undefined): ProcessFamily {
  return {
    ...(Number(parent) > 0 ? { parent: Number(parent) } : {}),
    ...(Number(group) > 0 ? { group: Number(group) } : {}),
  };
}

/** The output of `lsof -a -d cwd -F pn`: `n/the/folder` below `p4242`. */
export function parseFolders(text: string): Map<number, string> {
  const folders = new Map<number, string>();
  let pid = 0;
  for (const line of text.split('\n')) {
    if (line.startsWith('p')) pid = Number(line.slice(1));
    else if (line.startsWith('n')) folders.set(pid, line.slice(1));
  }
  return folders;
}

/** The output of `ps -axwwE -o pid=,command=`: the environment follows the arguments, all apart by blanks. */
export function parseVariable(text: string, name: string): Map<number, string> {
  const found = new Map<number, string>();
  for (const line of text.split('\n')) {
    const [pid = '', ...words] = line.trim().split(' ');
    const last = words.findLast((word) => word.startsWith(`${name}=`));
    if (/^\d+$/.test(pid) && last !== undefined) found.set(Number(pid), last.slice(name.length + 1));
  }
  return found;
}

/** The output of `sysctl -n net.inet.ip.portrange.first net.inet.ip.portrange.last`, a number a line. */
export function parsePortRange(text: string): OutgoingPorts | undefined {
  const [first, last] = text.trim().split('\n').map(Number);
  if (first === undefined || last === undefined || !(first > 0 && last >= first)) return undefined;
  return { first, last, reserved: [] };
}

/** macOS: `lsof` and `ps`, both part of the system. */
export function darwinHost(exec: Exec): Host {
  const listening = async () => {
    const result = await exec('lsof', ['-nP', '-iTCP', '-sTCP:LISTEN', '-F', 'pcn'], {
      timeoutMs: 10_000,
    });
    // It ends with 1 and without a word where nothing matches.
    const nothing = result.exitCode === 1 && !result.notFound && !result.timedOut;
    const silent = result.stdout === '' && result.stderr === '';
    if (result.exitCode !== 0 && !(nothing && silent)) throw unreadable('lsof', result);
    return result.stdout;
  };
  return {
    listeningSockets: async () => parseLsof(await listening()),
    listeningMark: listening,
    async connectionOwners(localPorts) {
      const { stdout } = await exec('lsof', ['-nP', '-iTCP', '-sTCP:ESTABLISHED', '-F', 'pn'], {
        timeoutMs: 10_000,
      });
      const found = parseConnections(stdout).filter(({ localPort }) => localPorts.has(localPort));
      return new Map(found.map(({ localPort, pid }) => [localPort, pid]));
    },
    async processes() {
      const [all, folders] = await Promise.all([
        exec('ps', ['-axww', '-o', 'pid=,ppid=,pgid=,command='], { timeoutMs: 5_000 }),
        exec('lsof', ['-a', '-d', 'cwd', '-F', 'pn'], { timeoutMs: 10_000 }),
      ]);
      const cwds = parseFolders(folders.stdout);
      return parsePs(all.stdout).map((each) => {
        const cwd = cwds.get(each.pid);
        return cwd === undefined ? each : { ...each, cwd };
      });
    },
    async processFamily(pid) {
      const { stdout, exitCode } = await exec('ps', ['-o', 'ppid=,pgid=', '-p', String(pid)], {
        timeoutMs: 5_000,
      });
      const [parent, group] = stdout.trim().split(/\s+/);
      return exitCode === 0 && parent !== undefined ? familyOf(parent, group) : undefined;
    },
    async outgoingPorts() {
      const names = ['net.inet.ip.portrange.first', 'net.inet.ip.portrange.last'];
      return parsePortRange((await exec('sysctl', ['-n', ...names], { timeoutMs: 5_000 })).stdout);
    },
    async processVariable(name) {
      const { stdout } = await exec('ps', ['-axwwE', '-o', 'pid=,command='], { timeoutMs: 5_000 });
      return parseVariable(stdout, name);
    },
    async processStartTime(pid) {
      const { stdout, exitCode } = await exec('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], {
        timeoutMs: 5_000,
        // The time is told in the zone and the language of the asker; two askers must be told the same.
        env: { PATH: '/bin:/usr/bin', LC_ALL: 'C', TZ: 'UTC' },
      });
      const [state = '', ...started] = stdout.trim().split(/\s+/);
      return exitCode !== 0 || state.startsWith('Z') || started.length === 0 ? undefined : started.join(' ');
    },
  };
}
