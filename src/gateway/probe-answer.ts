import type { HttpResponse } from '../context.ts';
import type { ApisixRoute } from '../model/gateway.ts';
import { isRecord } from '../record.ts';

export interface Judgement {
  answered: boolean;
  evidence: string;
  /** True when the gateway does not know the route, which may be for a moment only. */
  notYet: boolean;
  /** The plugin that asked for what the probe did not have. */
  barredBy?: string;
}

/** Set by APISIX on 5xx that came from the upstream, and on those that it makes for an upstream that is not there. */
const UPSTREAM_STATUS = 'x-apisix-upstream-status';
/** Plugins that answer 401 themselves. Only `-auth` ones are asked for by their name; the rest is listed. */
const AUTHENTICATION = /-auth$|^wolf-rbac$|^openid-connect$|^csrf$/;

/**
 * Tells an answer from behind the gateway from one of the gateway itself. The gateway's own are known by what
 * APISIX 3.14.1 sends: JSON for a route that it does not know, nginx's page for an upstream that it cannot use.
 * Where both could have answered (401 on a route with authentication) nothing is proven, so it does not count.
 */
export function judgeAnswer(response: HttpResponse, route: ApisixRoute): Judgement {
  const { status, headers, body } = response;
  const no = (evidence: string, notYet = false): Judgement => ({ answered: false, evidence, notYet });

  if (status === 404 && isRouteNotFound(body)) return no('the gateway knows no such route', true);
  if (status === 401) {
    const plugin = Object.keys(route.plugins ?? {}).find((name) => AUTHENTICATION.test(name));
    if (plugin !== undefined)
      return { ...no(`401: ${plugin} let the probe not through: ${startOf(body)}`), barredBy: plugin };
  }
  if (status >= 502 && status <= 504) {
    const fromUpstream = headers[UPSTREAM_STATUS] === String(status) && !isErrorPage(body);
    if (!fromUpstream) return no(`${status} from the gateway itself: ${gatewayReason(response)}`);
  }
  if (status === 429 && isErrorPage(body)) return no('429: a rate limit of the gateway stopped the probe');
  return { answered: true, evidence: `${status} from behind the gateway`, notYet: false };
}

function isRouteNotFound(body: string): boolean {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) && value.error_msg === '404 Route Not Found';
  } catch {
    return false;
  }
}

function isErrorPage(body: string): boolean {
  return body.includes('https://apisix.apache.org/') && body.includes('<center>openresty</center>');
}

function gatewayReason({ status, headers, body }: HttpResponse): string {
  if (headers['x-ratelimit-remaining'] === '0') return 'a rate limit stopped the probe';
  if (!isErrorPage(body)) return startOf(body);
  return status === 504 ? 'the upstream did not answer in time' : 'no node of the upstream can be reached';
}

function startOf(body: string): string {
  return body.slice(0, 120).replace(/\s+/g, ' ').trim() || 'an empty answer';
}
