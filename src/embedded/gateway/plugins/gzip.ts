import { constants, createGzip, type Gzip, gzipSync } from 'node:zlib';
import type { BodyFilter, Exchange, OutgoingResponse } from '../exchange.ts';
import type { Plugin } from '../plugin.ts';

interface GzipConfiguration {
  types: string[] | '*';
  min_length: number;
  comp_level: number;
  http_version: number;
  vary?: boolean;
}

/** The statuses that nginx compresses (ngx_http_gzip_filter_module.c). */
const COMPRESSED = new Set([200, 403, 404]);
/** Bodies up to this size are held and compressed at once: a stream of their own would cost more than they do. */
const WHOLE_BYTES = 16 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * Compresses answers for clients that take it. Whether it does is decided as in nginx's gzip filter under APISIX
 * (`gzip_proxied` is off there: a request that came through another proxy gets the answer as it is).
 */
export const gzip: Plugin<GzipConfiguration> = {
  name: 'gzip',
  version: 0.1,
  priority: 995,
  schema: {
    type: 'object',
    properties: {
      types: {
        anyOf: [{ type: 'array', minItems: 1, items: { type: 'string', minLength: 1 } }, { enum: ['*'] }],
        default: ['text/html'],
      },
      min_length: { type: 'integer', minimum: 1, default: 20 },
      comp_level: { type: 'integer', minimum: 1, maximum: 9, default: 1 },
      http_version: { enum: [1.1, 1.0], default: 1.1 },
      // How nginx divides its memory: there is nothing here that they could change.
      buffers: {
        type: 'object',
        properties: {
          number: { type: 'integer', minimum: 1, default: 32 },
          size: { type: 'integer', minimum: 1, default: 4096 },
        },
        default: { number: 32, size: 4096 },
      },
      vary: { type: 'boolean' },
    },
  },
  compile({ types, min_length: least, comp_level: level, http_version, vary }) {
    const streams = {};

    function suits({ headers }: OutgoingResponse, { client }: Exchange): boolean {
      const type = headers.get('content-type');
      if (type === undefined) return false;
      if (types !== '*' && !types.includes(type.split(';', 1)[0] as string)) return false;
      // Like nginx, what says nothing of its length is not checked for it.
      if (Number(headers.get('content-length') ?? least) < least) return false;
      return Number(client.version) >= http_version;
    }

    /** The compression for an answer as all plugins have left it. */
    function begun(exchange: Exchange, response: OutgoingResponse): BodyFilter | undefined {
      const { status, headers, body } = response;
      if (!COMPRESSED.has(status) || (headers.get('content-encoding') ?? '') !== '') return undefined;
      response.lengthChanges = true;
      headers.remove('Accept-Ranges');
      headers.set('Content-Encoding', 'gzip');
      weaken(response);
      const length = body === undefined ? headers.get('content-length') : Buffer.byteLength(body);
      if (Number(length ?? Number.POSITIVE_INFINITY) <= WHOLE_BYTES) return wholeBody(level);
      const stream = createGzip({ level });
      exchange.note(streams, stream);
      return streamedBody(stream);
    }

    return {
      headerFilter(exchange) {
        const { response, client } = exchange;
        if (response === undefined || !suits(response, exchange)) return;
        if (vary === true) response.headers.add('Vary', 'Accept-Encoding');
        if (client.method === 'HEAD' || client.headers.has('via')) return;
        if (!client.headers.all('accept-encoding').some(takesGzip)) return;
        response.coding = (final) => begun(exchange, final);
      },
      log(exchange) {
        (exchange.noted(streams) as Gzip | undefined)?.destroy();
      },
    };
  },
};

function wholeBody(level: number): BodyFilter {
  const pieces: Buffer[] = [];
  return (chunk, last) => {
    pieces.push(chunk);
    return last ? gzipSync(Buffer.concat(pieces), { level }) : NOTHING;
  };
}

/** Each piece is given on when it comes: an event of a stream must not wait for the next one. */
function streamedBody(stream: Gzip): BodyFilter {
  let compressed: Buffer[] = [];
  stream.on('data', (piece: Buffer) => compressed.push(piece));
  // Between two pieces nobody else listens.
  stream.on('error', () => {});
  return (chunk, last) =>
    new Promise((resolve, reject) => {
      const given = () => {
        stream.off('error', reject);
        resolve(Buffer.concat(compressed));
        compressed = [];
      };
      stream.once('error', reject);
      if (last) {
        stream.once('end', given);
        stream.end(chunk);
      } else {
        stream.write(chunk);
        stream.flush(constants.Z_SYNC_FLUSH, given);
      }
    });
}

/** As nginx reads it: `gzip` by its name, unless its weight is zero. */
function takesGzip(field: string): boolean {
  return field.split(',').some((each) => {
    const [coding = '', ...parameters] = each.split(';').map((part) => part.trim().toLowerCase());
    return coding === 'gzip' && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}

/** The compressed bytes are others than those that the tag was given for (RFC 9110, 8.8.1); nginx weakens it as well. */
function weaken({ headers }: OutgoingResponse): void {
  const tag = headers.get('etag');
  if (tag === undefined || tag.startsWith('W/')) return;
  if (tag.startsWith('"')) headers.set('ETag', `W/${tag}`);
  else headers.remove('ETag');
}
