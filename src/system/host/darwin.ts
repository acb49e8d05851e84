import type { Exec, Host } from '../../context.ts';
import type { ListeningSocket } from '../../model/observation.ts';
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

/** macOS: `lsof` and `ps`, both part of the system. */
export function darwinHost(exec: Exec): Host {
  return {
    async listeningSockets() {
      const result = await exec('lsof', ['-nP', '-iTCP', '-sTCP:LISTEN', '-F', 'pcn'], {
        timeoutMs: 10_000,
      });
      // It ends with 1 and without a word where nothing matches.
      const nothing = result.exitCode === 1 && !result.notFound && !result.timedOut;
      const silent = result.stdout === '' && result.stderr === '';
      if (result.exitCode !== 0 && !(nothing && silent)) throw unreadable('lsof', result);
      return parseLsof(result.stdout);
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
