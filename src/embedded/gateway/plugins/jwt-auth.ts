import { bytesOf } from '../../../matching/bytes.ts';
import type { Consumer, Exchange } from '../exchange.ts';
import type { Plugin, PluginHost } from '../plugin.ts';
import { admit, decodedBase64 } from '../plugin-support/authentication.ts';
import { isSigned, type JsonWebToken, parsedToken } from '../plugin-support/json-web-token.ts';
import { removeArgument } from '../query-arguments.ts';
import { unavailable } from '../unavailable.ts';

interface JwtAuth {
  header: string;
  query: string;
  cookie: string;
  hide_credentials: boolean;
  key_claim_name: string;
  store_in_ctx: boolean;
  anonymous_consumer?: string;
}

const SHARED = ['HS256', 'HS512'];
const SIGNED = ['RS256', 'ES256'];

/** Asks for a JSON Web Token (RFC 7519) that one consumer's key has signed. */
export const jwtAuth: Plugin<JwtAuth> = {
  name: 'jwt-auth',
  version: 0.1,
  priority: 2510,
  type: 'auth',
  schema: {
    type: 'object',
    properties: {
      header: { type: 'string', default: 'authorization' },
      query: { type: 'string', default: 'jwt' },
      cookie: { type: 'string', default: 'jwt' },
      hide_credentials: { type: 'boolean', default: false },
      key_claim_name: { type: 'string', default: 'key', minLength: 1 },
      store_in_ctx: { type: 'boolean', default: false },
      anonymous_consumer: { type: 'string', minLength: 1 },
    },
  },
  consumerSchema: {
    type: 'object',
    properties: {
      key: { type: 'string', minLength: 1 },
      secret: { type: 'string', minLength: 1 },
      algorithm: { type: 'string', enum: [...SHARED, ...SIGNED], default: 'HS256' },
      exp: { type: 'integer', minimum: 1, default: 86_400 },
      base64_secret: { type: 'boolean', default: false },
      lifetime_grace_period: { type: 'integer', minimum: 0, default: 0 },
    },
    dependencies: {
      algorithm: {
        oneOf: [
          { properties: { algorithm: { enum: SHARED, default: 'HS256' } } },
          {
            properties: { public_key: { type: 'string' }, algorithm: { enum: SIGNED } },
            required: ['public_key'],
          },
        ],
      },
    },
    encrypt_fields: ['secret'],
    required: ['key'],
  },
  check: ({ store_in_ctx: stores }) =>
    stores ? unavailable('property "store_in_ctx", which leaves the payload to plugins in Lua,') : undefined,
  checkConsumer({ algorithm = 'HS256', secret, base64_secret: encoded }) {
    if (SHARED.includes(String(algorithm)) && secret === undefined) {
      return 'property "secret" is required when "algorithm" is "HS256" or "HS512"';
    }
    return encoded === true && decodedBase64(String(secret ?? '=')) === undefined
      ? 'base64_secret required but the secret is not in base64 format'
      : undefined;
  },
  fieldsOf: ({ header }) => [[header, '']],
  compile: (configuration, host) => ({
    rewrite: (exchange) =>
      admit(exchange, search(exchange, configuration, host), configuration.anonymous_consumer, host),
  }),
};

/** Gives the consumer whose token this is, or why there is none. */
function search(exchange: Exchange, configuration: JwtAuth, host: PluginHost): Consumer | string {
  const text = takenToken(exchange, configuration);
  if (text === undefined) return 'Missing JWT token in request';
  const token = parsedToken(text);
  if (token === undefined) return 'JWT token invalid';
  const name = configuration.key_claim_name;
  const key = Object.hasOwn(token.payload, name) ? token.payload[name] : undefined;
  if (key === undefined || key === false) return 'missing user key in JWT token';
  const found = typeof key === 'string' ? host.findConsumer('jwt-auth', 'key', bytesOf(key)) : undefined;
  if (found === undefined) return 'Invalid user key in JWT token';
  return isSigned(token, keyOf(found)) && isInForce(token, found, host.now() / 1000)
    ? found
    : 'failed to verify jwt';
}

/** The token of the first of header, query and cookie that has one; where that is asked for, it goes no further. */
function takenToken(exchange: Exchange, configuration: JwtAuth): string | undefined {
  const { headers } = exchange.request;
  const hides = configuration.hide_credentials;
  const inHeader = headers.get(configuration.header);
  if (inHeader !== undefined) {
    if (hides) headers.remove(configuration.header);
    return /^[Bb]earer /.test(inHeader) ? inHeader.slice('Bearer '.length) : inHeader;
  }
  const argument = bytesOf(configuration.query);
  const inQuery = exchange.arguments.get(argument);
  if (inQuery !== undefined) {
    if (hides) removeArgument(exchange, argument);
    return inQuery;
  }
  const cookie = bytesOf(configuration.cookie);
  const inCookie = exchange.variable(`cookie_${cookie}`);
  if (inCookie !== undefined && hides)
    headers.put('Cookie', withoutCookie(headers.get('Cookie') ?? '', cookie));
  return inCookie;
}

function withoutCookie(cookies: string, name: string): string {
  return cookies
    .split(';')
    .filter((pair) => pair.split('=', 1)[0]?.trim() !== name)
    .join(';')
    .trim();
}

/** What verifies the consumer's tokens, and by which algorithm: that one alone, whatever the token says. */
function keyOf({ auth }: Consumer): Parameters<typeof isSigned>[1] {
  const { algorithm = 'HS256', secret = '', base64_secret: encoded, public_key: publicKey = '' } = auth;
  if (SIGNED.includes(String(algorithm))) return { algorithm: String(algorithm), key: String(publicKey) };
  const bytes = encoded === true ? decodedBase64(String(secret)) : Buffer.from(String(secret));
  return { algorithm: String(algorithm), key: bytes ?? Buffer.alloc(0) };
}

/**
 * Checks `exp` and `nbf` (RFC 7519, 4.1.4 and 4.1.5), of which APISIX wants at least one.
 *
 * @param now seconds since the epoch
 */
function isInForce({ payload }: JsonWebToken, { auth }: Consumer, now: number): boolean {
  const grace = Number(auth.lifetime_grace_period ?? 0);
  const { exp, nbf } = payload;
  if (exp === undefined && nbf === undefined) return false;
  return (
    (exp === undefined || (isDate(exp) && exp > now - grace)) &&
    (nbf === undefined || (isDate(nbf) && nbf <= now + grace))
  );
}

const isDate = (claim: unknown): claim is number => typeof claim === 'number' && claim >= 0;
