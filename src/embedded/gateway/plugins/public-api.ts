import { TEXT } from '../answer.ts';
import type { Plugin } from '../plugin.ts';
import { unavailable } from '../unavailable.ts';

interface PublicApi {
  uri?: string;
}

/** The one API of APISIX's plugins that this gateway has. */
const METRICS = '/apisix/prometheus/metrics';

/** Lets a route serve what is otherwise to be had at the port of the Admin API. */
export const publicApi: Plugin<PublicApi> = {
  name: 'public-api',
  version: 0.1,
  priority: 501,
  schema: { type: 'object', properties: { uri: { type: 'string' } } },
  check: ({ uri = METRICS }) => (uri === METRICS ? undefined : unavailable(`public API "${uri}"`)),
  compile({ uri }, host) {
    return {
      async access(exchange) {
        const found = (uri ?? exchange.path) === METRICS && exchange.request.method === 'GET';
        return found ? { status: 200, body: await host.metrics(), contentType: TEXT } : { status: 404 };
      },
    };
  },
};
