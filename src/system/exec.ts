import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import type { Exec } from '../context.ts';

/** Runs programs with execa, loaded when first used. The environment is exactly the one given, or ours. */
export function createExec(): Exec {
  return async (program, args, options = {}) => {
    const { execa } = await import('execa');
    const child = execa(program, args, {
      reject: false,
      stripFinalNewline: false,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(options.env === undefined ? {} : { env: options.env, extendEnv: false }),
      ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs }),
      ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
      ...stdioOf(options),
      ...(options.uid === undefined ? {} : { uid: options.uid }),
      ...(options.gid === undefined ? {} : { gid: options.gid }),
    });
    const { onLine } = options;
    if (onLine !== undefined) {
      for (const stream of [child.stdout, child.stderr]) {
        if (stream !== null) createInterface({ input: stream }).on('line', onLine);
      }
    }
    const result = await child;
    return {
      exitCode: result.exitCode ?? exitCodeOf(result.signal),
      stdout: result.stdout ?? '',
      stderr: result.stderr ?? '',
      notFound: result.code === 'ENOENT',
      timedOut: result.timedOut,
    };
  };
}

function stdioOf({ inherit, input }: { inherit?: boolean; input?: string }) {
  if (inherit === true) return { stdio: 'inherit' as const };
  return input === undefined ? { stdin: 'ignore' as const } : { input };
}

/** As shells have it. */
function exitCodeOf(signal: NodeJS.Signals | undefined): number {
  return signal === undefined ? 1 : 128 + (constants.signals[signal] ?? 0);
}
