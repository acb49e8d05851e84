import { withOwnPorts } from '../config/own-ports.ts';
import { askReadiness, holders, type RunAs } from '../health/index.ts';
import type { Stack } from '../model/stack.ts';
import { resourceNamed, resourcesOfKind } from '../resources/facts.ts';
import { type AskedContext, linesOf, runBeside } from '../resources/other-server/asked.ts';
import type { ProbeResult } from '../resources/probe.ts';
import { environmentOf, type Instance } from './service.ts';

export interface ServiceProbe {
  /** How qbtc runs it now: whose process answers decides who it is. */
  runs: RunAs;
  /** It has been ready since it was started. */
  wasReady?: boolean;
  timeoutMs: number;
  /** Left out, the table of sockets is read for this one. */
  holderOf?: ReturnType<typeof holders>;
}

export type ProbeServiceContext = AskedContext;

/** Asks an instance whether it is ready in the way that it names, and whether it is the service that should be there. */
export async function probeService(
  context: ProbeServiceContext,
  stack: Stack,
  instance: Instance,
  { runs, wasReady = false, timeoutMs, holderOf = holders(context.host) }: ServiceProbe,
): Promise<ProbeResult> {
  const { service, url } = instance;
  const part = { name: instance.name, contained: service.name, runs };
  const answer = await askReadiness(context, service.health, {
    name: service.name,
    url,
    runs,
    wasReady,
    timeoutMs,
    holderOf,
    lines: () => linesOf(context, stack.root, part),
    run: (words) => {
      const command = words.map((word) => withOwnPorts(word, instance));
      const beside = { command, cwd: service.path, env: environmentOf(context, stack, instance), timeoutMs };
      return runBeside(context, stack.root, part, beside);
    },
    broker: brokerOf(stack, instance),
  });
  if (answer.ready) return answer;
  const { kind } = answer.problem;
  return { ...answer, refused: kind === 'stranger' || kind === 'other-name' };
}

function brokerOf(stack: Stack, { service }: Instance): string | undefined {
  const [only, ...more] = resourcesOfKind(stack, 'rabbitmq');
  const named = service.events?.resource;
  if (named !== undefined) return resourceNamed(stack, named).endpoint.url;
  return more.length === 0 ? only?.endpoint.url : undefined;
}
