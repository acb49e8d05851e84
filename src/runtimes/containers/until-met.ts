import type { Context } from '../../context.ts';
import type { ComposeFile } from './compose-file.ts';
import type { Containers } from './containers.ts';
import { notStarted } from './failures.ts';

const COMPANION_TIMEOUT_MS = 120_000;
const COMPANION_POLL_MS = 200;

/** What a service waits for; the conditions of the Compose specification. */
export const START_CONDITIONS = [
  'service_completed_successfully',
  'service_healthy',
  'service_started',
] as const;
export type StartCondition = (typeof START_CONDITIONS)[number];

/** What is waited for of a companion: the most that a service asks of it. */
export function conditionOf(file: ComposeFile, companion: string): StartCondition {
  const asked = [...file.services.values()].map(({ conditions }) => conditions.get(companion));
  return START_CONDITIONS.find((condition) => asked.includes(condition)) ?? 'service_started';
}

/** Waits for a companion. The compose program has no way to: its `--wait` takes one that has ended for a failure. */
export async function untilMet(
  { clock, interrupted }: Pick<Context, 'clock' | 'interrupted'>,
  containers: Containers,
  service: string,
  condition: StartCondition,
): Promise<void> {
  const deadline = clock.monotonic() + COMPANION_TIMEOUT_MS;
  const endsWell = condition === 'service_completed_successfully';
  for (;;) {
    const status = (await containers.list()).find((each) => each.service === service);
    const isWell = status?.health !== 'starting' && status?.health !== 'unhealthy';
    if (status?.state === 'running' && !endsWell && (isWell || condition === 'service_started')) return;
    if (endsWell && status?.exitCode === 0) return;
    const ended = status === undefined || status.state === 'exited' || status.state === 'dead';
    if (ended || clock.monotonic() > deadline) {
      const wanted = endsWell ? 'end with code 0' : 'become healthy';
      throw notStarted([service], [`${service} did not ${wanted}: ${status?.reason || 'it is gone'}`]);
    }
    await clock.sleep(COMPANION_POLL_MS, interrupted);
  }
}
