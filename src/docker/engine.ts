import type { Context } from '../context.ts';
import { EXIT, messageOf, QbtcError } from '../errors.ts';

/** An engine that answers does so in milliseconds; one that is starting takes a second or two. */
export const ENGINE_TIMEOUT_MS = 5_000;

/** Whether a Docker engine answers, which one; or why not, and what mends that. */
export type EngineState =
  | {
      reachable: true;
      address: string;
      version: string;
      apiVersion: string;
      memoryBytes: number;
      root: string;
    }
  | { reachable: false; address: string; reason: string; fix: string };

/** Asks the engine who it is. Never rejects, and never waits longer than `timeoutMs` for an answer. */
export async function engineState(
  context: Pick<Context, 'docker'>,
  timeoutMs = ENGINE_TIMEOUT_MS,
): Promise<EngineState> {
  let address = '';
  try {
    const opened = await context.docker({ timeoutMs });
    address = opened.address;
    const [version, info] = await Promise.all([opened.engine.version(), opened.engine.info()]);
    if (typeof version?.ApiVersion !== 'string')
      return unreachable(address, 'what answers there is no Docker engine', 'set DOCKER_HOST to the engine');
    return {
      reachable: true,
      address,
      version: version.Version,
      apiVersion: version.ApiVersion,
      memoryBytes: Number(info.MemTotal ?? 0),
      root: String(info.DockerRootDir ?? ''),
    };
  } catch (error) {
    return whyUnreachable(address, error, timeoutMs);
  }
}

/** What an error of a question to the engine at `address` means, and what mends it. */
export function whyUnreachable(
  address: string,
  error: unknown,
  timeoutMs = ENGINE_TIMEOUT_MS,
): Extract<EngineState, { reachable: false }> {
  const { code, statusCode } = error as { code?: unknown; statusCode?: unknown };
  const start = 'start Docker (Linux: sudo systemctl start docker; otherwise Docker Desktop)';
  if (error instanceof QbtcError) return unreachable(address, messageOf(error), error.hint ?? start);
  switch (code) {
    case 'ENOENT':
      return unreachable(
        address,
        `there is no engine at ${address}`,
        'install Docker, or start Docker Desktop',
      );
    case 'EACCES':
    case 'EPERM':
      return unreachable(
        address,
        `this account may not use ${address}`,
        'sudo usermod -aG docker $USER, then log in again',
      );
    case 'ECONNREFUSED':
      return unreachable(address, `nothing listens at ${address}: its engine has ended`, start);
    case 'ECONNRESET':
    case 'ETIMEDOUT':
    case 'ESOCKETTIMEDOUT':
      return unreachable(
        address,
        `the engine at ${address} does not answer within ${timeoutMs / 1000} s`,
        'restart Docker: it hangs',
      );
    default:
      if (typeof statusCode === 'number')
        return unreachable(address, `the engine at ${address} answers ${statusCode}`, 'restart Docker');
      return unreachable(address, `the engine at ${address} does not answer: ${messageOf(error)}`, start);
  }
}

function unreachable(
  address: string,
  reason: string,
  fix: string,
): Extract<EngineState, { reachable: false }> {
  return { reachable: false, address, reason, fix };
}

/** @throws QbtcError `ENGINE_UNREACHABLE` with the reason and its remedy, in the place of the library's error */
export async function withEngine<T>(
  context: Pick<Context, 'docker'>,
  ask: (engine: Awaited<ReturnType<Context['docker']>>['engine']) => Promise<T>,
  timeoutMs: number | undefined = ENGINE_TIMEOUT_MS,
): Promise<T> {
  const { engine } = await context.docker(timeoutMs === undefined ? {} : { timeoutMs });
  try {
    return await ask(engine);
  } catch (error) {
    // The engine has answered; what it says is for the caller.
    if (error instanceof QbtcError || typeof (error as { statusCode?: unknown }).statusCode === 'number')
      throw error;
    const state = await engineState(context);
    if (state.reachable) throw error;
    throw new QbtcError('ENGINE_UNREACHABLE', `Docker: ${state.reason}`, {
      exit: EXIT.error,
      hint: state.fix,
      cause: error,
    });
  }
}
