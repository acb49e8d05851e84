import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Context } from '../context.ts';
import type { Resource } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import { baseEnvironment } from '../runtimes/processes/environment.ts';
import type { ProcessSpec } from '../runtimes/processes/protocol.ts';
import { stackFolders } from '../state/folders.ts';

/** One of our own embedded programs as a process. Its configuration, secrets in it, goes through the environment. */
export function embeddedProgram(
  context: Pick<Context, 'env' | 'installation'>,
  stack: Stack,
  resource: Pick<Resource, 'name' | 'ports'> & { endpoint: Pick<Resource['endpoint'], 'port'> },
  program: 'broker' | 'gateway' | 'redis' | 'chaos-proxy',
  configuration: Record<string, unknown>,
): ProcessSpec {
  const file = join(context.installation.root, 'dist', 'src', 'embedded', program, 'main.js');
  const text = JSON.stringify(configuration);
  return {
    name: resource.name,
    program: process.execPath,
    args: [file],
    cwd: stack.root,
    env: { ...baseEnvironment(context.env), QBTC_EMBEDDED: text },
    stopSignal: 'SIGTERM',
    stopsGroup: true,
    stopTimeoutMs: 10_000,
    logFile: stackFolders(stack.root).logFile(resource.name),
    dependsOn: [],
    ports: Object.values(resource.ports),
    readyCheck: { port: resource.endpoint.port },
    fingerprint: createHash('sha256')
      .update(`${context.installation.version}\n${file}\n${text}`)
      .digest('hex'),
  };
}
