import { createHash } from 'node:crypto';
import { access, constants, mkdir, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join, resolve } from 'node:path';
import type { OtherServer, Resource } from '../../model/resource.ts';
import { baseEnvironment } from '../../runtimes/processes/environment.ts';
import type { ReadyCheck } from '../../runtimes/processes/ready-check.ts';
import { stackFolders } from '../../state/folders.ts';
import type { KindOfResource } from '../kind.ts';
import type { DeclaredProgram } from '../native-part.ts';
import { probePort } from '../other-server/probe.ts';

/** How long something must live that nobody can ask before it counts as ready again. */
const SETTLED_MS = 2_000;

const native: DeclaredProgram = {
  async offer({ env }, _stack, { server }) {
    const [program = ''] = server?.command ?? [];
    const found = await findInPath(program, server?.path ?? '.', env.PATH ?? '');
    return found === undefined
      ? { available: false, reason: `${program} is not installed` }
      : { available: true, reason: `its command runs ${found}`, loss: '' };
  },
  async prepare(context, stack, resource) {
    const { name, server, ports, endpoint } = resource;
    const [program = '', ...args] = server?.command ?? [];
    // As `${data}` says.
    await mkdir(join(stackFolders(stack.root).data, name), { recursive: true, mode: 0o700 });
    const cwd = server?.path ?? stack.root;
    const env = server?.env ?? {};
    const digest = createHash('sha256').update(JSON.stringify([program, args, env, cwd]));
    return [
      {
        name,
        program,
        args,
        cwd,
        env: { ...baseEnvironment(context.env), ...env },
        stopSignal: server?.stopSignal ?? 'SIGTERM',
        stopsGroup: true,
        stopTimeoutMs: server?.stopTimeoutMs ?? 0,
        logFile: stackFolders(stack.root).logFile(name),
        dependsOn: [...(server?.dependsOn ?? [])],
        ports: Object.values(ports),
        readyCheck: readyCheckOf(server?.health, endpoint.port),
        fingerprint: digest.digest('hex'),
      },
    ];
  },
};

/** Any server, run by a command of this machine. */
export const process: KindOfResource = {
  probe: probePort,
  embedded: {
    what: '',
    loss: '',
    unavailable: async () => 'qbtc brings no such server: its command runs it',
    async prepare() {
      throw new Error('a process is run by its command');
    },
  },
  native,
  rotate: {},
};

/** What the supervisor asks on its own after a restart; all else is asked by those who look. */
function readyCheckOf(
  health: OtherServer['health'] | undefined,
  port: Resource['endpoint']['port'],
): ReadyCheck {
  if (health?.kind === 'http')
    return {
      url: `http://127.0.0.1:${port}${health.path}`,
      ...(health.status === undefined ? {} : { well: health.status }),
    };
  return health?.kind === 'tcp' || health?.kind === 'grpc' ? { port } : { livesMs: SETTLED_MS };
}

/** Where a program stands that is named as a shell would take it. */
async function findInPath(program: string, folder: string, path: string): Promise<string | undefined> {
  const places = /[\\/]/.test(program)
    ? [isAbsolute(program) ? program : resolve(folder, program)]
    : path.split(delimiter).flatMap((each) => (each === '' ? [] : join(each, program)));
  for (const place of places) if (await isProgram(place)) return place;
  return undefined;
}

async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
