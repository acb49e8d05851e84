import { setMaxListeners } from 'node:events';
import { messageOf } from '../../../errors.ts';
import { bytesOf } from '../../../matching/bytes.ts';
import type { Exchange } from '../exchange.ts';
import type { Plugin, PluginHost } from '../plugin.ts';
import { Losses } from '../plugin-support/losses.ts';
import { sendOutbound } from '../plugin-support/outbound.ts';
import { escapePath } from '../plugin-support/uri-escape.ts';
import type { BodyCopy } from '../proxy/request-body.ts';
import { unavailable } from '../unavailable.ts';

interface ProxyMirror {
  host: string;
  path?: string;
  path_concat_mode: 'replace' | 'prefix';
  sample_ratio: number;
}

/** A longer body is not mirrored: it is held until the mirror has it. */
const MOST_BODY_BYTES = 1024 * 1024;
/** How many copies may be under way; what they hold is bounded by it. */
const MOST_UNDER_WAY = 64;
/** APISIX's timeouts (`plugin_attr.proxy-mirror.timeout`). */
const TIMEOUT_MS = 60_000;
/** Framing is made anew, and a mirror is asked to promise nothing. */
const NOT_MIRRORED = new Set([
  'host',
  'content-length',
  'transfer-encoding',
  'expect',
  'upgrade',
  'connection',
]);

const trafficKey = {};

/** What the mirrors of a gateway are doing. */
interface Traffic {
  underWay: Set<Promise<void>>;
  losses: Losses;
  /** The gateway closes. */
  ending: AbortSignal;
}

/** One request that is to be mirrored once it has gone to the upstream. */
interface Copy {
  target: string;
  body: BodyCopy | undefined;
  sent: boolean;
}

/**
 * Sends a copy of requests to another server. As in APISIX it goes out for a request that was forwarded, with what plugins
 * have made of its fields, under the URI that it had before them; its answer is of no interest to anybody.
 */
export const proxyMirror: Plugin<ProxyMirror> = {
  name: 'proxy-mirror',
  version: 0.1,
  priority: 1010,
  schema: {
    type: 'object',
    properties: {
      host: {
        type: 'string',
        pattern: '^(http(s)?|grpc(s)?):\\/\\/([\\da-zA-Z.-]+|\\[[\\da-fA-F:]+\\])(:\\d+)?$',
      },
      path: { type: 'string', pattern: '^/[^?&]+$' },
      path_concat_mode: { type: 'string', default: 'replace', enum: ['replace', 'prefix'] },
      sample_ratio: { type: 'number', minimum: 0.00001, maximum: 1, default: 1 },
    },
    required: ['host'],
  },
  check({ host }) {
    if (host.startsWith('grpc')) return unavailable('a mirror that speaks gRPC');
    return URL.canParse(host) ? undefined : `invalid host ${host}`;
  },
  compile(configuration, host) {
    const { sample_ratio, path_concat_mode } = configuration;
    const url = new URL(configuration.host);
    const path = configuration.path === undefined ? undefined : escapePath(bytesOf(configuration.path));
    const traffic = host.shared(trafficKey, () => begun(host));
    const copies = {};

    function targetOf({ request, query }: Exchange): string {
      if (path === undefined) return request.target;
      if (path_concat_mode === 'prefix') return path + request.target;
      return query === '' ? path : `${path}?${query}`;
    }

    function mirror(exchange: Exchange): void {
      const copy = exchange.noted(copies) as Copy | undefined;
      if (copy === undefined || copy.sent || exchange.upstreamHost === undefined) return;
      if (copy.body !== undefined && !copy.body.whole) return;
      copy.sent = true;
      send(traffic, url, copy, exchange);
    }

    return {
      rewrite(exchange) {
        if (sample_ratio === 1 || host.random() < sample_ratio) {
          exchange.note(copies, { target: targetOf(exchange), body: undefined, sent: false } satisfies Copy);
        }
        return undefined;
      },
      access(exchange) {
        const copy = exchange.noted(copies) as Copy | undefined;
        if (copy !== undefined) copy.body = exchange.copyRequestBody(MOST_BODY_BYTES);
        return undefined;
      },
      headerFilter: mirror,
      log(exchange) {
        mirror(exchange);
        const copy = exchange.noted(copies) as Copy | undefined;
        if (copy?.sent === false && exchange.upstreamHost !== undefined) {
          traffic.losses.add(1, `a body was not whole, or longer than ${MOST_BODY_BYTES} bytes`);
        }
      },
    };
  },
};

function begun(host: PluginHost): Traffic {
  const ending = new AbortController();
  setMaxListeners(0, ending.signal);
  const traffic: Traffic = {
    underWay: new Set(),
    losses: new Losses(host, 'requests to mirror'),
    ending: ending.signal,
  };
  host.onClose(async () => {
    ending.abort(new Error('the gateway closes'));
    await Promise.all(traffic.underWay);
    traffic.losses.end();
  });
  return traffic;
}

function send({ underWay, losses, ending }: Traffic, url: URL, copy: Copy, exchange: Exchange): void {
  if (underWay.size >= MOST_UNDER_WAY) {
    losses.add(1, `${MOST_UNDER_WAY} are under way`);
    return;
  }
  const { method, headers } = exchange.request;
  const body = copy.body?.bytes;
  const fields = [...headers.entries()].filter(([name]) => !NOT_MIRRORED.has(name.toLowerCase())).flat();
  fields.push('Host', exchange.upstreamHost ?? url.host, 'Connection', 'close');
  if (body !== undefined) fields.push('Content-Length', String(body.length));
  const request = { method, headers: fields, body, timeoutMs: TIMEOUT_MS, verify: false, signal: ending };
  const sending = sendOutbound(url, copy.target, request)
    .catch((error: unknown) => losses.add(1, messageOf(error)))
    .then(() => void underWay.delete(sending));
  underWay.add(sending);
}
