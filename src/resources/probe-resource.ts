import { askReadiness, holders, type RunAs } from '../health/index.ts';
import type { OtherServer, Resource } from '../model/resource.ts';
import type { Stack } from '../model/stack.ts';
import { baseEnvironment } from '../runtimes/processes/environment.ts';
import { KINDS } from './kinds.ts';
import { type AskedContext, linesOf, runBeside } from './other-server/asked.ts';
import type { ProbeContext, ProbeResult } from './probe.ts';

export interface ResourceProbe {
  /** How qbtc runs it now. */
  runs: RunAs;
  /** It has been ready since it was started. */
  wasReady?: boolean;
  timeoutMs: number;
}

/** Whether a resource is ready: it answers its protocol, or shows it in the way that it names. Never rejects. */
export async function probeResource(
  context: ProbeContext & AskedContext,
  stack: Pick<Stack, 'root'>,
  resource: Resource,
  probe: ResourceProbe,
): Promise<ProbeResult> {
  const { kind, endpoint, server } = resource;
  if (server === undefined) return KINDS[kind].probe(context, endpoint, probe.timeoutMs);
  return askServer(context, stack, { ...resource, server }, probe);
}

async function askServer(
  context: AskedContext,
  { root }: Pick<Stack, 'root'>,
  { name, endpoint: { host, port }, server }: Resource & { server: OtherServer },
  { runs, wasReady = false, timeoutMs }: ResourceProbe,
): Promise<ProbeResult> {
  const part = { name, contained: name, runs };
  const env = { ...baseEnvironment(context.env), ...server.env };
  const answer = await askReadiness(context, server.health, {
    name,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    runs,
    wasReady,
    timeoutMs,
    holderOf: holders(context.host),
    lines: () => linesOf(context, root, part),
    run: (command) => runBeside(context, root, part, { command, cwd: server.path, env, timeoutMs }),
    broker: undefined,
  });
  if (answer.ready) return answer;
  const { kind } = answer.problem;
  return { ...answer, refused: kind === 'stranger' || kind === 'other-name' };
}
