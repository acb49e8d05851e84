import type { Exec, Host } from '../../context.ts';
import type { ListeningSocket, OutgoingPorts, RunningProcess } from '../../model/observation.ts';
import { unreadable } from './unreadable.ts';

/**
 * The output of `netstat -ano -p TCP` (and `TCPv6`). The state column is translated on localised systems, so a
 * listening row is told by its foreign address, which ends in port 0.
 */
export function parseNetstat(text: string): ListeningSocket[] {
  const sockets: ListeningSocket[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [protocol, local = '', foreign = '', ...rest] = line.trim().split(/\s+/);
    if (protocol !== 'TCP' || !foreign.endsWith(':0')) continue;
    const colon = local.lastIndexOf(':');
    const pid = Number(rest.at(-1));
    sockets.push({
      host: local.slice(0, colon).replace(/^\[|\]$/g, ''),
      port: Number(local.slice(colon + 1)),
      ...(Number.isInteger(pid) ? { pid } : {}),
    });
  }
  return sockets;
}

/** The same output: the local ports of connections that are open at both ends. The state is translated, so none is asked. */
export function parseConnections(text: string): { pid: number; localPort: number }[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const [protocol, local = '', foreign = '', ...rest] = line.trim().split(/\s+/);
    if (protocol !== 'TCP' || foreign.endsWith(':0')) return [];
    const pid = Number(rest.at(-1));
    return pid > 0 ? [{ pid, localPort: Number(local.slice(local.lastIndexOf(':') + 1)) }] : [];
  });
}

/**
 * The output of `Get-CimInstance Win32_Process | Select ProcessId,ParentProcessId,Name,CommandLine | ConvertTo-Json`:
 * one object where there is one, a list otherwise. Working folders are not told.
 */
export function parseProcesses(text: string): RunningProcess[] {
  const json: unknown = text.trim() === '' ? [] : JSON.parse(text);
  return [json].flat().flatMap((each) => {
    const { ProcessId, ParentProcessId, Name, CommandLine } = each as Record<string, unknown>;
    if (typeof ProcessId !== 'number' || typeof CommandLine !== 'string') return [];
    return [
      {
        pid: ProcessId,
        ...(typeof ParentProcessId === 'number' && ParentProcessId > 0 ? { parent: ParentProcessId } : {}),
        program: String(Name ?? '').replace(/\.exe$/i, ''),
        args: (CommandLine.match(/"[^"]*"|\S+/g) ?? []).map((word) => word.replaceAll('"', '')),
      },
    ];
  });
}

/** The output of `tasklist /FO CSV /NH`: `"node.exe","4242","Console","1","48,120 K"`. */
export function parseTasklist(text: string): Map<number, string> {
  const programs = new Map<number, string>();
  for (const line of text.split(/\r?\n/)) {
    const [program, pid] = line.split('","');
    if (program !== undefined && pid !== undefined) programs.set(Number(pid), program.replace(/^"/, ''));
  }
  return programs;
}

/**
 * The output of `netsh int ipv4 show dynamicport tcp`. Its words are those of the system's language; the two lines with a
 * number are the first port and how many there are.
 */
export function parseDynamicPorts(text: string): OutgoingPorts | undefined {
  const [first, count] = [...text.matchAll(/:\s*(\d+)\s*$/gm)].map(([, digits]) => Number(digits));
  if (first === undefined || count === undefined || !(first > 0 && count > 0)) return undefined;
  return { first, last: first + count - 1, reserved: [] };
}

/** Windows: `netstat`, `tasklist`, and PowerShell's `Get-Process`. */
export function windowsHost(exec: Exec): Host {
  const netstat = () =>
    Promise.all(
      ['TCP', 'TCPv6'].map((protocol) => exec('netstat', ['-ano', '-p', protocol], { timeoutMs: 10_000 })),
    );
  return {
    async listeningMark() {
      const results = await netstat();
      for (const result of results) if (result.exitCode !== 0) throw unreadable('netstat', result);
      const sockets = results.flatMap(({ stdout }) => parseNetstat(stdout));
      return sockets
        .map(({ port, pid }) => `${port}/${pid}`)
        .sort()
        .join(' ');
    },
    async connectionOwners(localPorts) {
      const found = (await netstat())
        .flatMap(({ stdout }) => parseConnections(stdout))
        .filter(({ localPort }) => localPorts.has(localPort));
      return new Map(found.map(({ localPort, pid }) => [localPort, pid]));
    },
    async processes() {
      const { stdout, exitCode } = await exec(
        'powershell',
        [
          ...['-NoProfile', '-NonInteractive', '-Command'],
          'Get-CimInstance Win32_Process | Select-Object ProcessId,ParentProcessId,Name,CommandLine | ConvertTo-Json -Compress',
        ],
        { timeoutMs: 20_000 },
      );
      return exitCode === 0 ? parseProcesses(stdout) : [];
    },
    async listeningSockets() {
      const [tcp, tcp6, tasks] = await Promise.all([
        exec('netstat', ['-ano', '-p', 'TCP'], { timeoutMs: 10_000 }),
        exec('netstat', ['-ano', '-p', 'TCPv6'], { timeoutMs: 10_000 }),
        exec('tasklist', ['/FO', 'CSV', '/NH'], { timeoutMs: 10_000 }),
      ]);
      for (const result of [tcp, tcp6]) if (result.exitCode !== 0) throw unreadable('netstat', result);
      // Without tasklist the sockets lack the names of their programs, no more.
      const programs = parseTasklist(tasks.stdout);
      return [...parseNetstat(tcp.stdout), ...parseNetstat(tcp6.stdout)].map((socket) => {
        const program = socket.pid === undefined ? undefined : programs.get(socket.pid);
        return program === undefined ? socket : { ...socket, program };
      });
    },
    async processFamily(pid) {
      const { stdout, exitCode } = await exec(
        'powershell',
        [
          ...['-NoProfile', '-NonInteractive', '-Command'],
          `(Get-CimInstance Win32_Process -Filter "ProcessId=${Math.trunc(pid)}").ParentProcessId`,
        ],
        { timeoutMs: 10_000 },
      );
      const parent = Number(stdout.trim());
      return exitCode === 0 && parent > 0 ? { parent } : undefined;
    },
    async outgoingPorts() {
      const { stdout } = await exec('netsh', ['int', 'ipv4', 'show', 'dynamicport', 'tcp'], {
        timeoutMs: 10_000,
      });
      return parseDynamicPorts(stdout);
    },
    // Windows shows the environment of a process to nobody but a debugger.
    processVariable: async () => new Map(),
    async processStartTime(pid) {
      const { stdout, exitCode } = await exec(
        'powershell',
        // Local time would move with the clock's change to summer time.
        [
          ...['-NoProfile', '-NonInteractive', '-Command'],
          `(Get-Process -Id ${Math.trunc(pid)}).StartTime.ToFileTimeUtc()`,
        ],
        { timeoutMs: 10_000 },
      );
      return exitCode === 0 && stdout.trim() !== '' ? stdout.trim() : undefined;
    },
  };
}
