import { messageOf } from '../errors.ts';
import type { DiscoveryContext } from './source.ts';

const DEADLINE_MS = 2_000;

/** What answered at the address of a health document. */
export interface HealthAnswer {
  /** Status 200, which is what `up` waits for. */
  healthy: boolean;
  /** The `service` (or else `name`) field of the document: who answers. */
  identity: string | undefined;
  /** For people. */
  found: string;
}

/** Asks for a health document. Never rejects but for an interruption: no answer is an answer, too. */
export async function askHealth({ http, interrupted }: DiscoveryContext, url: string): Promise<HealthAnswer> {
  try {
    const answer = await http(url, { timeoutMs: DEADLINE_MS, signal: interrupted });
    const identity = identityOf(answer.body);
    return {
      healthy: answer.status === 200,
      identity,
      found:
        identity === undefined
          ? `${url} answers ${answer.status} without saying who it is`
          : `${url} answers ${answer.status} as ${identity}`,
    };
  } catch (error) {
    interrupted.throwIfAborted();
    return { healthy: false, identity: undefined, found: messageOf(error) };
  }
}

function identityOf(body: string): string | undefined {
  try {
    const document: unknown = JSON.parse(body);
    if (typeof document !== 'object' || document === null) return undefined;
    const { service, name } = document as Record<string, unknown>;
    const identity = service ?? name;
    return typeof identity === 'string' ? identity : undefined;
  } catch {
    return undefined;
  }
}
