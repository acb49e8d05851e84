import type { Context, HttpResponse } from '../context.ts';
import { messageOf } from '../errors.ts';
import type { ApisixConsumer } from '../model/gateway.ts';
import type { RouteAnswer } from '../model/observation.ts';
import type { ServiceRoute, Stack } from '../model/stack.ts';
import { mapConcurrently } from '../reconcile/map-concurrently.ts';
import { declaredRoutes } from './declared-routes.ts';
import { judgeAnswer } from './probe-answer.ts';
import { probeRequest } from './probe-request.ts';

const DEADLINE_MS = 10_000;
const IN_FLIGHT = 8;
/** A route that was just written reaches the workers of a gateway a moment later. */
const SETTLE_MS = 2_000;
const PAUSE_MS = 100;

/**
 * Sends one harmless request through every declared route and says whether the route answered. What counts is an
 * answer from behind the gateway, whatever its status (a 400 for an empty body proves the way there); the gateway's
 * own 404, 502, 503 and 504, and a 401 on a route that asks for a key, do not. Never rejects because of a route.
 *
 * @param gatewayUrl where the gateway takes requests: `http://127.0.0.1:9080`
 */
export function probeRoutes(
  context: Pick<Context, 'http' | 'clock' | 'interrupted'>,
  stack: Stack,
  gatewayUrl: string,
): Promise<RouteAnswer[]> {
  const routes = declaredRoutes(stack).map(({ route }) => route);
  return probeAll(context, routes, stack.gateway.consumers, gatewayUrl);
}

/** The same for any routes, with the keys of these consumers. */
export function probeAll(
  context: Pick<Context, 'http' | 'clock' | 'interrupted'>,
  routes: readonly ServiceRoute[],
  consumers: readonly ApisixConsumer[],
  gatewayUrl: string,
): Promise<RouteAnswer[]> {
  const base = gatewayUrl.replace(/\/+$/, '');
  return mapConcurrently(routes, IN_FLIGHT, (route) => probeRoute(context, consumers, route, base));
}

async function probeRoute(
  context: Pick<Context, 'http' | 'clock' | 'interrupted'>,
  consumers: readonly ApisixConsumer[],
  route: ServiceRoute,
  gatewayUrl: string,
): Promise<RouteAnswer> {
  const { http, clock, interrupted } = context;
  const probe = probeRequest(route, consumers);
  if ('untried' in probe) {
    return {
      route: route.name,
      request: '',
      answered: false,
      untried: probe.untried,
      evidence: 'no request was sent',
    };
  }
  const { method, path, headers, body } = probe;
  const request = `${method} ${path}`;
  const end = clock.monotonic() + SETTLE_MS;
  for (;;) {
    let response: HttpResponse;
    try {
      response = await http(`${gatewayUrl}${path}`, {
        method,
        headers,
        timeoutMs: DEADLINE_MS,
        signal: interrupted,
        ...(body === undefined ? {} : { body }),
      });
    } catch (error) {
      interrupted.throwIfAborted();
      return { route: route.name, request, answered: false, evidence: messageOf(error) };
    }
    const judgement = judgeAnswer(response, route);
    if (judgement.notYet && clock.monotonic() + PAUSE_MS < end) {
      await clock.sleep(PAUSE_MS, interrupted);
      continue;
    }
    const { answered, evidence, barredBy } = judgement;
    const { status } = response;
    const bar = barredBy === undefined ? {} : { barredBy };
    return { route: route.name, request, status, answered, ...bar, evidence };
  }
}
