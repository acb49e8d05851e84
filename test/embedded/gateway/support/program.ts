import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { GatewayConfiguration } from '../../../../src/embedded/gateway/gateway.ts';
import { CONFIGURATION_VARIABLE } from '../../../../src/embedded/program.ts';
import { ADMIN_KEY } from './gateway.ts';
import { type Answered, exchange } from './http.ts';

const PROGRAM = fileURLToPath(new URL('../../../../dist/src/embedded/gateway/main.js', import.meta.url));

export interface GatewayProgram {
  child: ChildProcess;
  pid: number;
  port: number;
  adminPort: number;
  tlsPort: number;
  proxyUrl: string;
  logged: { level: string; message: string; context: Record<string, unknown> }[];
  admin(method: string, path: string, body?: unknown): Promise<Answered>;
  /** The text at a path of the port of the Admin API. */
  told(path: string): Promise<string>;
  /** Its own processes, but itself. */
  workers(): Promise<number[]>;
  /** Ends it at once, if it has not ended. */
  kill(): Promise<void>;
}

/** The gateway as a program of its own, as it was built last, on free ports. */
export async function startGatewayProgram(
  configuration: Partial<GatewayConfiguration> = {},
): Promise<GatewayProgram> {
  const whole = { host: '127.0.0.1', port: 0, adminPort: 0, adminKey: ADMIN_KEY, ...configuration };
  const child = spawn(process.execPath, [PROGRAM], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { [CONFIGURATION_VARIABLE]: JSON.stringify(whole) },
  });
  const logged: GatewayProgram['logged'] = [];
  const lines = createInterface(child.stdout).on('line', (line) => logged.push(JSON.parse(line)));
  await once(lines, 'line');
  const { port, adminPort, tlsPort } = logged[0]?.context as Record<'port' | 'adminPort' | 'tlsPort', number>;
  const admin = `http://127.0.0.1:${adminPort}`;
  const pid = child.pid as number;
  return {
    ...{ child, pid, port, adminPort, tlsPort, logged, proxyUrl: `http://127.0.0.1:${port}` },
    admin: (method, path, body) =>
      exchange(`${admin}/apisix/admin${path}`, {
        method,
        headers: { 'X-API-KEY': ADMIN_KEY },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    told: async (path) => (await exchange(admin + path)).body,
    workers: () => childrenOf(pid),
    async kill() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    },
  };
}

async function childrenOf(pid: number): Promise<number[]> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,args=']);
  return stdout.split('\n').flatMap((line) => {
    const [own, parent, ...args] = line.trim().split(/\s+/);
    return Number(parent) === pid && args.includes('worker') ? [Number(own)] : [];
  });
}
