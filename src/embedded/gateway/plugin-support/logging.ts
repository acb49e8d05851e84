import { messageOf } from '../../../errors.ts';
import { compileExpression } from '../../../matching/expression.ts';
import type { Exchange } from '../exchange.ts';
import { Pieces } from '../pieces.ts';
import type { Phases, PluginHost } from '../plugin.ts';
import type { BodyCopy } from '../proxy/request-body.ts';
import { varsError } from '../vars-check.ts';
import { decoderOf } from './content-coding.ts';
import { fullEntry, type LogFormat, type LoggedBodies, logFormat, logFormatError } from './log-entry.ts';

/** What file-logger and http-logger have in common: which requests are logged, and what of them. */
export interface Logging {
  log_format?: Record<string, unknown>;
  include_req_body: boolean;
  include_req_body_expr?: unknown[];
  include_resp_body: boolean;
  include_resp_body_expr?: unknown[];
  /** Requests for which none of these expressions holds are not logged. */
  match?: unknown[][];
  /** Neither stands in the schemas of APISIX 3.14, which heeds them all the same. */
  max_req_body_bytes?: number;
  max_resp_body_bytes?: number;
}

/** What is kept of a body (apisix/utils/log-util.lua). */
const MOST_BODY_BYTES = 512 * 1024;
/** A body that was compressed may become so long. */
const MOST_DECODED_BYTES = 4 * 1024 * 1024;

export const loggingFields = {
  log_format: { type: 'object' },
  include_req_body: { type: 'boolean', default: false },
  include_req_body_expr: { type: 'array', minItems: 1, items: { type: 'array' } },
  include_resp_body: { type: 'boolean', default: false },
  include_resp_body_expr: { type: 'array', minItems: 1, items: { type: 'array' } },
};
export const matchField = { match: { type: 'array', maxItems: 20, items: { type: 'array' } } };
export const loggingMetadata = { type: 'object', properties: { log_format: { type: 'object' } } };

/** What is wrong with it, in APISIX's words, or what of it cannot be had here. */
export function loggingError(configuration: Partial<Logging>): string | undefined {
  const {
    match,
    log_format,
    include_req_body_expr: request,
    include_resp_body_expr: response,
  } = configuration;
  return (
    (match && varsError(match, 'match')) ??
    (request && varsError(request, 'include_req_body_expr')) ??
    (response && varsError(response, 'include_resp_body_expr')) ??
    logFormatError(log_format)
  );
}

/** What is kept of one exchange until it is logged. */
interface Kept {
  request: BodyCopy | undefined;
  /** Whether the response's body is wanted; judged when its first piece is there. */
  wanted: boolean | undefined;
  pieces: Pieces;
  /** The content coding of the pieces. */
  coding: string;
}

/** The phases of a logger. `write` gets one entry for each request that is to be logged, when its exchange is over. */
export function logging(
  plugin: string,
  configuration: Logging,
  host: PluginHost,
  write: (entry: Record<string, unknown>, exchange: Exchange) => void,
): Phases {
  const { include_req_body: withRequest, include_resp_body: withResponse, match } = configuration;
  const mostOfRequest = configuration.max_req_body_bytes ?? MOST_BODY_BYTES;
  const mostOfResponse = configuration.max_resp_body_bytes ?? MOST_BODY_BYTES;
  const conditions = match?.map((each) => compileExpression(each));
  const requestWanted = compileExpression(configuration.include_req_body_expr ?? []);
  const responseWanted = compileExpression(configuration.include_resp_body_expr ?? []);
  const formatNow = formatReader(plugin, configuration.log_format, host);
  const keeping = {};

  function keptOf(exchange: Exchange): Kept {
    let kept = exchange.noted(keeping) as Kept | undefined;
    if (kept === undefined) {
      kept = { request: undefined, wanted: undefined, pieces: new Pieces(), coding: '' };
      exchange.note(keeping, kept);
    }
    return kept;
  }

  function copyRequest(exchange: Exchange): undefined {
    if (withRequest || formatNow()?.namesRequestBody === true) {
      keptOf(exchange).request = exchange.copyRequestBody(mostOfRequest);
    }
  }

  function keepPiece(exchange: Exchange, chunk: Buffer): void {
    const kept = keptOf(exchange);
    kept.wanted ??= responseWanted(exchange);
    if (kept.wanted) kept.pieces.add(chunk.subarray(0, mostOfResponse - kept.pieces.length));
  }

  async function responseBody({ pieces, wanted, coding }: Kept): Promise<string | undefined> {
    if (wanted !== true) return undefined;
    const body = pieces.bytes();
    const decoded = await decoderOf(coding)?.(body, MOST_DECODED_BYTES).catch(() => undefined);
    return (decoded ?? body).toString('utf8');
  }

  function entryOf(exchange: Exchange, bodies: LoggedBodies): Record<string, unknown> {
    return formatNow()?.entry(exchange, bodies) ?? fullEntry(exchange, bodies, host.now());
  }

  return {
    access: copyRequest,
    ...(withResponse
      ? {
          headerFilter(exchange: Exchange) {
            // A plugin that compresses the body does so behind this one.
            keptOf(exchange).coding = exchange.response?.headers.get('content-encoding') ?? '';
          },
          bodyFilter(exchange: Exchange, chunk: Buffer) {
            keepPiece(exchange, chunk);
            return chunk;
          },
        }
      : {}),
    log(exchange) {
      if (conditions !== undefined && !conditions.some((holds) => holds(exchange))) return;
      const kept = exchange.noted(keeping) as Kept | undefined;
      const copied = kept?.request?.bytes.toString('utf8');
      const named = formatNow()?.namesRequestBody === true;
      const request = named || (withRequest && requestWanted(exchange)) ? copied : undefined;
      if (kept?.wanted !== true) {
        write(entryOf(exchange, { request, response: undefined }), exchange);
        return;
      }
      responseBody(kept)
        .then((response) => write(entryOf(exchange, { request, response }), exchange))
        .catch((error: unknown) => host.log('error', `${plugin} failed to log: ${messageOf(error)}`));
    },
  };
}

/** Gives the format in force: that of the configuration, else that of the metadata; `undefined` for APISIX's own. */
function formatReader(
  plugin: string,
  own: Record<string, unknown> | undefined,
  host: PluginHost,
): () => LogFormat | undefined {
  const prepared = own === undefined ? undefined : logFormat(own);
  let read: { from: unknown; format: LogFormat | undefined } = { from: undefined, format: undefined };
  return () => {
    if (prepared !== undefined) return prepared;
    const metadata = host.metadata(plugin);
    if (metadata !== read.from) {
      const format = (metadata?.log_format ?? {}) as Record<string, unknown>;
      read = {
        from: metadata,
        format: Object.keys(format).length === 0 ? undefined : logFormat(format),
      };
    }
    return read.format;
  };
}
