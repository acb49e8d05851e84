import { signatureOf } from '../../../../src/embedded/gateway/plugins/vigoleonrocks-signature.ts';
import { CLIENT_ADDRESS, type Heard } from './conversation.ts';
import { type Answer, type Request, valuesOf } from './messages.ts';
import type { Case } from './requests.ts';
import type { Stream } from './stream.ts';
import type { Seen } from './strict-server.ts';

/** What the gateway of the test is configured with. */
export interface Setting {
  port: number;
  signingKey: string;
  consumer: string;
  guardedHost: string;
  /** What routes are known by at the backend: the field that quantum-enhancer sets. */
  guardedRoute: string;
  rewritingRoute: string;
}

const ROUTE = 'X-Quantum-Frequency';

/** One connection, as all sides saw it. */
export interface Exchange {
  sent: Case;
  stream: Stream;
  heard: Heard;
  seen: readonly Seen[];
  /** What the backend could not read. */
  faults: readonly string[];
}

const serialOf = ({ fields }: Answer) => valuesOf(fields, 'x-serial')[0];

/** What is wrong with an exchange; `undefined` when nothing is. */
export function faultOf(exchange: Exchange, setting: Setting): string | undefined {
  return (
    framingFault(exchange) ??
    serviceFault(exchange) ??
    exchange.seen.map((seen) => requestFault(seen, setting)).find((fault) => fault !== undefined)
  );
}

/** Whether client, gateway and backend agree on how many requests there were, in which order, and where each ended. */
function framingFault({ stream, heard, seen, faults }: Exchange): string | undefined {
  const [fault] = faults;
  if (fault !== undefined) return `the backend got what is no request: ${fault}`;
  if (heard.hung) return 'the gateway neither answers nor closes';
  if (heard.fault !== undefined) return `the client got what is no answer: ${heard.fault}`;
  if (heard.rest !== '') return 'the answer was cut off';
  const served = heard.answers.map(serialOf).filter((serial) => serial !== undefined);
  if (served.join() !== seen.map(({ serial }) => serial).join())
    return `the backend saw ${seen.length} requests and the client got its answers ${served.join(', ') || 'to none'}`;
  const most = stream.requests.length + (typeof stream.ending === 'object' ? 1 : 0);
  if (heard.answers.length > most) return `${heard.answers.length} answers to ${most} requests`;
  const bySerial = new Map(seen.map((each) => [String(each.serial), each]));
  for (const [index, answer] of heard.answers.entries()) {
    const one = bySerial.get(serialOf(answer) ?? '');
    if (one === undefined) continue;
    const asked = stream.requests[index];
    if (asked === undefined) return 'a request was served that is none';
    const difference = differenceOf(asked, one);
    if (difference !== undefined)
      return `request ${index + 1} reached the backend with another ${difference}`;
  }
  return undefined;
}

function differenceOf(asked: Request, seen: Request): string | undefined {
  if (asked.method !== seen.method) return 'method';
  if (targetFault(originForm(asked.target), seen.target)) return 'target';
  return asked.body === seen.body ? undefined : 'body';
}

/** What comes by `/rewritten` has another path, and the query as it was; all else goes on as it came. */
function targetFault(asked: string, seen: string): boolean {
  if (asked === seen) return false;
  const path = pathOf(asked);
  const isRewritten = /^\/rewritten(\/|$)/.test(path);
  const isPath = pathOf(seen) === path || pathOf(seen) === path.replace('/rewritten', '/open');
  return !isRewritten || !isPath || queryOf(asked) !== queryOf(seen);
}

const queryOf = (target: string): string => target.replace(/^[^?]*\??/, '');

/** RFC 9112, 3.2: what goes on of a target is its path and query. */
function originForm(target: string): string {
  const [whole = ''] = target.split('#');
  const absolute = /^https?:\/\/[^/?]*/i.exec(whole);
  if (absolute === null) return whole;
  const rest = whole.slice(absolute[0].length);
  return rest.startsWith('/') ? rest : `/${rest}`;
}

/** Requests that nothing is wrong with are served. */
function serviceFault({ sent, heard }: Exchange): string | undefined {
  for (let index = 0; index < sent.untouched; index++) {
    const status = heard.answers[index]?.status;
    if (status !== 200 && status !== 401) return `a right request was answered with ${status ?? 'nothing'}`;
  }
  return undefined;
}

/** What the gateway says about the client, and which routes it lets it take. */
function requestFault(seen: Seen, setting: Setting): string | undefined {
  const fault = vouchedFault(seen, setting) ?? guardFault(seen, setting) ?? hopFault(seen);
  return fault === undefined ? undefined : `${fault} (${seen.method} ${seen.target})`;
}

/** The one value of a field, in whatever spelling a backend folds into it. */
function only(seen: Seen, name: string): string | undefined {
  const folded = (text: string) => text.toLowerCase().replace(/[^a-z0-9]/g, '_');
  const values = seen.fields.filter(([each]) => folded(each) === folded(name)).map(([, value]) => value);
  return values.length === 1 ? values[0] : undefined;
}

function vouchedFault(seen: Seen, { port, signingKey, rewritingRoute }: Setting): string | undefined {
  const exact = (name: string) => valuesOf(seen.fields, name.toLowerCase());
  if (only(seen, 'X-Real-IP') !== CLIENT_ADDRESS) return 'X-Real-IP is not the client’s address';
  if (only(seen, 'X-Forwarded-For')?.split(', ').at(-1) !== CLIENT_ADDRESS)
    return 'X-Forwarded-For does not end with the client’s address';
  if (only(seen, 'X-Forwarded-Proto') !== 'http') return 'X-Forwarded-Proto is not that of the connection';
  if (only(seen, 'X-Forwarded-Port') !== String(port)) return 'X-Forwarded-Port is not that of the gateway';
  if (only(seen, 'X-Forwarded-Host') === undefined) return 'X-Forwarded-Host is not there once';
  if (exact('X-Request-Id').length === 0) return 'X-Request-Id is missing';
  if (only(seen, ROUTE) === undefined) return `${ROUTE} is not there once`;
  if (only(seen, ROUTE) === rewritingRoute && exact('X-Role').join() !== 'guest')
    return 'X-Role is not that of the route';
  const part = (name: string) => only(seen, `X-VIGOLEONROCKS-${name}`);
  const [timestamp, expires, nonce] = [part('Timestamp'), part('Expires'), part('Nonce')];
  const parts = {
    method: seen.method,
    target: seen.target,
    timestamp: Number(timestamp),
    expires: Number(expires),
    nonce: nonce ?? '',
  };
  return part('Signature') === signatureOf(signingKey, parts)
    ? undefined
    : 'the signature is not that of the gateway';
}

/** `/admin`, and the host that is guarded, are reached by the guarded routes only, as the consumer of the key. */
function guardFault(seen: Seen, setting: Setting): string | undefined {
  const { consumer, guardedHost } = setting;
  const [host = ''] = valuesOf(seen.fields, 'host');
  const guarded = /^\/admin(\/|$)/.test(pathOf(seen.target)) || nameOf(host) === guardedHost;
  if (!guarded) return undefined;
  if (only(seen, ROUTE) !== setting.guardedRoute) return 'a guarded place was reached by an open route';
  return only(seen, 'X-Consumer-Username') === consumer
    ? undefined
    : 'X-Consumer-Username is not that of the key';
}

/** The path as a careful backend reads it: decoded, dot segments and doubled slashes gone, a fragment cut. */
function pathOf(target: string): string {
  const [raw = ''] = target.split(/[?#]/);
  const decoded = raw.replace(/%([0-9a-f]{2})/gi, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  const kept: string[] = [];
  for (const segment of decoded.split('/')) {
    if (segment === '' || segment === '.') continue;
    if (segment === '..') kept.pop();
    else kept.push(segment);
  }
  return `/${kept.join('/')}`;
}

const nameOf = (host: string) => host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '');

/** Fields of the client's own connection end at the gateway (RFC 9110, 7.6.1). */
function hopFault(seen: Seen): string | undefined {
  const found = ['connection', 'keep-alive', 'proxy-connection', 'te', 'trailer', 'upgrade', 'expect'].find(
    (name) => valuesOf(seen.fields, name).length > 0,
  );
  if (found !== undefined) return `the field ${found} went on`;
  return seen.trailers.length > 0 ? 'trailers of the client went on' : undefined;
}
