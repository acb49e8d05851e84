import type { Holder } from './holder.ts';
import { holderText } from './holder.ts';
import type { AskedInstance, ReadinessAnswer } from './readiness.ts';

/** Who holds the port of what was reached there. */
export async function holderOfPort({ url, runs, holderOf }: AskedInstance): Promise<Holder> {
  return holderOf(Number(new URL(url ?? 'http://127.0.0.1').port), runs);
}

/** What took the connection is somebody else's: then whatever it says is not the service's. */
export function strangerAt({ url }: AskedInstance, holder: Holder): ReadinessAnswer | undefined {
  if (holder.whose !== 'another') return undefined;
  const { port } = new URL(url ?? '');
  const reason = `port ${port} is held by ${holderText(holder)}, which is not of this stack`;
  return { ready: false, reason, problem: { kind: 'stranger' } };
}
