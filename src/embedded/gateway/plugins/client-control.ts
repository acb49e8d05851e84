import type { Plugin } from '../plugin.ts';

interface ClientControl {
  max_body_size?: number;
}

/** Limits the size of request bodies, in bytes; 0 lifts the limit. */
export const clientControl: Plugin<ClientControl> = {
  name: 'client-control',
  version: 0.1,
  priority: 22_000,
  schema: {
    type: 'object',
    properties: {
      max_body_size: {
        type: 'integer',
        minimum: 0,
        description: 'Maximum message body size in bytes. No restriction when set to 0.',
      },
    },
  },
  compile: ({ max_body_size: most }) => ({
    rewrite(exchange) {
      if (most === undefined || most === 0) return undefined;
      if (Number(exchange.client.headers.get('content-length') ?? 0) > most) return { status: 413 };
      // A body whose length nobody said is counted on its way.
      exchange.maxBodyBytes = most;
      return undefined;
    },
  }),
};
