import { messageOf } from '../errors.ts';
import type { Readiness, ReadinessKind } from '../model/readiness.ts';
import { command } from './readiness/command.ts';
import { consumes } from './readiness/consumes.ts';
import { grpc } from './readiness/grpc.ts';
import { http } from './readiness/http.ts';
import { log } from './readiness/log.ts';
import { process } from './readiness/process.ts';
import { tcp } from './readiness/tcp.ts';
import {
  type AskedInstance,
  type ReadinessAnswer,
  type ReadinessContext,
  type ReadinessProbe,
  unready,
} from './readiness.ts';

const READINESS: { [Kind in ReadinessKind]: ReadinessProbe<Kind> } = {
  http,
  tcp,
  grpc,
  log,
  command,
  consumes,
  process,
};

/** Whether an instance is ready in the way that its service names. Never rejects but for an interruption. */
export async function askReadiness(
  context: ReadinessContext & { interrupted?: AbortSignal },
  readiness: Readiness,
  instance: AskedInstance,
): Promise<ReadinessAnswer> {
  // The kind picks its own probe, which no type can tell.
  const probe = READINESS[readiness.kind] as ReadinessProbe<ReadinessKind>;
  try {
    return await probe.ask(context, readiness as never, instance);
  } catch (error) {
    context.interrupted?.throwIfAborted();
    return unready(messageOf(error));
  }
}
