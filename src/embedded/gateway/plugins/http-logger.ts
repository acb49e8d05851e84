import type { Plugin } from '../plugin.ts';
import { type Batching, BatchProcessor, batchingFields } from '../plugin-support/batch-processor.ts';
import {
  type Logging,
  logging,
  loggingError,
  loggingFields,
  loggingMetadata,
} from '../plugin-support/logging.ts';
import { sendOutbound } from '../plugin-support/outbound.ts';

interface HttpLogger extends Logging, Batching {
  uri: string;
  auth_header?: string;
  /** Seconds. */
  timeout: number;
  concat_method: 'json' | 'new_line';
  ssl_verify: boolean;
}

/** Sends what is logged to an HTTP server, in batches. */
export const httpLogger: Plugin<HttpLogger> = {
  name: 'http-logger',
  version: 0.1,
  priority: 410,
  schema: {
    type: 'object',
    properties: {
      uri: { type: 'string', pattern: '^[^\\/]+:\\/\\/([\\da-zA-Z.-]+|\\[[\\da-fA-F:]+\\])(:\\d+)?' },
      auth_header: { type: 'string' },
      timeout: { type: 'integer', minimum: 1, default: 3 },
      ...loggingFields,
      concat_method: { type: 'string', default: 'json', enum: ['json', 'new_line'] },
      ssl_verify: { type: 'boolean', default: false },
      ...batchingFields('http logger'),
    },
    required: ['uri'],
  },
  metadataSchema: loggingMetadata,
  check(configuration) {
    const url = URL.canParse(configuration.uri) ? new URL(configuration.uri) : undefined;
    if (url === undefined || !['http:', 'https:'].includes(url.protocol)) {
      return `invalid uri ${configuration.uri}: it must be one of http or https`;
    }
    return loggingError(configuration);
  },
  fieldsOf: ({ auth_header }) => [['Authorization', auth_header]],
  compile(configuration, host) {
    const url = new URL(configuration.uri);
    const { concat_method, timeout, ssl_verify, auth_header, batch_max_size } = configuration;
    const headers = ['Content-Type', concat_method === 'json' ? 'application/json' : 'text/plain'];
    headers.push('Host', url.host, ...(auth_header === undefined ? [] : ['Authorization', auth_header]));
    const textOf = (entries: string[]) => {
      if (batch_max_size === 1) return entries[0] ?? '';
      return concat_method === 'json' ? `[${entries.join(',')}]` : entries.join('\n');
    };
    const processor = new BatchProcessor(
      configuration,
      async (entries) => {
        const body = Buffer.from(textOf(entries));
        const { status, body: said } = await sendOutbound(url, url.pathname + url.search, {
          method: 'POST',
          headers: [...headers, 'Content-Length', String(body.length)],
          body,
          timeoutMs: timeout * 1000,
          verify: ssl_verify,
        });
        if (status >= 400)
          throw new Error(`server returned status code[${status}] host[${url.host}] body[${said}]`);
      },
      host,
    );
    return logging('http-logger', configuration, host, (entry, { route, client }) =>
      processor.push(JSON.stringify({ ...entry, route_id: entry.route_id ?? 'no-matched' }), {
        routeId: route?.id,
        serverAddress: client.peer.localAddress,
      }),
    );
  },
};
