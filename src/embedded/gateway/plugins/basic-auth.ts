import { bytesOf } from '../../../matching/bytes.ts';
import type { Consumer } from '../exchange.ts';
import type { Plugin, PluginHost } from '../plugin.ts';
import { admit, decodedBase64, isSecret } from '../plugin-support/authentication.ts';

interface BasicAuth {
  hide_credentials: boolean;
  anonymous_consumer?: string;
}

const CHALLENGE = "Basic realm='.'";

/**
 * Asks for user name and password (RFC 7617). They are compared as they are: APISIX drops white space in them, and what
 * stands behind a colon in the password.
 */
export const basicAuth: Plugin<BasicAuth> = {
  name: 'basic-auth',
  version: 0.1,
  priority: 2520,
  type: 'auth',
  schema: {
    type: 'object',
    title: 'work with route or service object',
    properties: {
      hide_credentials: { type: 'boolean', default: false },
      anonymous_consumer: { type: 'string', minLength: 1 },
    },
  },
  consumerSchema: {
    type: 'object',
    title: 'work with consumer object',
    properties: { username: { type: 'string' }, password: { type: 'string' } },
    encrypt_fields: ['password'],
    required: ['username', 'password'],
  },
  compile({ hide_credentials: hides, anonymous_consumer: anonymous }, host) {
    const challenged = {};
    return {
      rewrite(exchange) {
        const { headers } = exchange.request;
        const authorization = headers.get('Authorization');
        if (authorization === undefined) exchange.note(challenged, true);
        const refusal = admit(exchange, search(authorization, host), anonymous, host);
        if (refusal === undefined && hides) headers.remove('Authorization');
        return refusal;
      },
      headerFilter(exchange) {
        if (exchange.noted(challenged) === true) {
          exchange.response?.headers.set('WWW-Authenticate', CHALLENGE);
        }
      },
    };
  },
};

/** Gives the consumer whose user name and password these are, or why there is none. */
function search(authorization: string | undefined, host: PluginHost): Consumer | string {
  if (authorization === undefined) return 'Missing authorization in request';
  const credentials = /basic\s(.+)/i.exec(authorization)?.[1];
  const decoded = credentials === undefined ? undefined : decodedBase64(credentials)?.toString('latin1');
  const colon = decoded?.indexOf(':') ?? -1;
  if (decoded === undefined || colon === -1) return 'Invalid authorization in request';
  const found = host.findConsumer('basic-auth', 'username', decoded.slice(0, colon));
  const password = found?.auth.password;
  // Also where nobody has that name: the time must not tell.
  const right = isSecret(decoded.slice(colon + 1), bytesOf(String(password)));
  return found !== undefined && typeof password === 'string' && right ? found : 'Invalid user authorization';
}
