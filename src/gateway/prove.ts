import type { Context } from '../context.ts';
import type { ApisixRoute } from '../model/gateway.ts';
import type { RouteAnswer } from '../model/observation.ts';
import type { ChangeOutcome } from '../model/plan.ts';
import type { Stack } from '../model/stack.ts';
import { desiredGateway } from './desired.ts';
import { probeAll } from './probe.ts';
import { nameOf, referencesOf } from './state.ts';

/**
 * Sends a harmless request through each route that the changes touched: those that were written, and those whose
 * upstream, service or plugin config was.
 *
 * @param gatewayUrl where the gateway takes requests
 */
export function proveChanges(
  context: Pick<Context, 'http' | 'clock' | 'interrupted'>,
  stack: Stack,
  outcomes: readonly ChangeOutcome[],
  gatewayUrl: string,
): Promise<RouteAnswer[]> {
  const changed = new Set(
    outcomes
      .filter(({ status, change }) => status === 'done' && change.action !== 'delete')
      .map(({ change }) => `${change.kind}/${change.name}`),
  );
  const desired = desiredGateway(stack);
  const touched = (name: string): boolean => {
    if (changed.has(name)) return true;
    const [kind = '', id = ''] = [name.slice(0, name.indexOf('/')), name.slice(name.indexOf('/') + 1)];
    const object = desired[kind as 'route'].get(id);
    return (
      object !== undefined && referencesOf(kind as 'route', id, object).some((each) => touched(nameOf(each)))
    );
  };
  const routes = [...desired.route]
    .filter(([id, route]) => route.status !== 0 && touched(`route/${id}`))
    .map(([id, route]) => ({ ...(route as ApisixRoute), name: id }));
  return probeAll(context, routes, stack.gateway.consumers, gatewayUrl);
}
