import type { Context } from '../context.ts';
import type { ResourceObservation } from '../model/observation.ts';
import type { Endpoint } from '../model/resource.ts';

export type ProbeContext = Pick<Context, 'http' | 'amqp' | 'sql' | 'redis' | 'tcp'>;

/**
 * Whether a server answers its protocol with the given credentials.
 * `refused` tells a server that is there but does not take our credentials from one that is not there yet;
 * `missingDatabase` one that takes them but has no database of the stack's name.
 */
export type ProbeResult =
  | { ready: true; found: Record<string, unknown> }
  | {
      ready: false;
      reason: string;
      refused: boolean;
      missingDatabase?: true;
      problem?: ResourceObservation['problem'];
    };

/** Speaks the protocol of one kind of resource, as a client of the stack would. Never rejects. */
export type Probe = (context: ProbeContext, endpoint: Endpoint, timeoutMs: number) => Promise<ProbeResult>;
