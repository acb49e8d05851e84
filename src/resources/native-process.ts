import { createHash } from 'node:crypto';
import type { Context } from '../context.ts';
import type { Stack } from '../model/stack.ts';
import { baseEnvironment } from '../runtimes/processes/environment.ts';
import type { ProcessSpec } from '../runtimes/processes/protocol.ts';
import { stackFolders } from '../state/folders.ts';

/** What differs from one installed program to the next. */
export interface NativeProcess {
  name: string;
  program: string;
  args: string[];
  cwd: string;
  env?: Record<string, string>;
  ports: number[];
  stopTimeoutMs: number;
  /** What it is configured by besides its arguments: a change of it asks for a restart. */
  configuration: string;
  partOf?: string;
  dependsOn?: string[];
}

/** An installed program as a process of the supervisor. */
export function nativeProcess(
  context: Pick<Context, 'env'>,
  stack: Stack,
  { configuration, env = {}, partOf, dependsOn = [], ...rest }: NativeProcess,
): ProcessSpec {
  const digest = createHash('sha256').update(
    JSON.stringify([rest.program, rest.args, env, rest.cwd, configuration]),
  );
  return {
    ...rest,
    ...(partOf === undefined ? {} : { partOf }),
    dependsOn,
    ...(rest.ports[0] === undefined ? {} : { readyCheck: { port: rest.ports[0] } }),
    env: { ...baseEnvironment(context.env), ...env },
    stopSignal: 'SIGTERM',
    stopsGroup: false,
    logFile: stackFolders(stack.root).logFile(rest.name),
    fingerprint: digest.digest('hex'),
  };
}
