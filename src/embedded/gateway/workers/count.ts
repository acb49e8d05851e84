import { availableParallelism } from 'node:os';
import type { GatewayConfiguration } from '../gateway.ts';

/** How many processes serve requests. */
export function workerCount({ workers = 1 }: Pick<GatewayConfiguration, 'workers'>): number {
  return workers === 'auto' ? availableParallelism() : workers;
}
