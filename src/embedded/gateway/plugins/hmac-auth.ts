import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { bytesOf } from '../../../matching/bytes.ts';
import type { Answer } from '../answer.ts';
import type { Consumer, Exchange } from '../exchange.ts';
import { parsedDate } from '../http/date.ts';
import type { Plugin, PluginHost } from '../plugin.ts';
import { admit, decodedBase64 } from '../plugin-support/authentication.ts';
import { readBody } from '../plugin-support/read-body.ts';

interface HmacAuth {
  allowed_algorithms: string[];
  clock_skew: number;
  signed_headers?: string[];
  validate_request_body: boolean;
  hide_credentials: boolean;
  anonymous_consumer?: string;
}

const HASHES: ReadonlyMap<string, string> = new Map([
  ['hmac-sha1', 'sha1'],
  ['hmac-sha256', 'sha256'],
  ['hmac-sha512', 'sha512'],
]);
const ALGORITHMS = [...HASHES.keys()];

/** What the client is told of everything that is wrong with a signature. */
const INVALID = "client request can't be validated";

/** Asks for a signature of chosen fields with a secret that the client shares (HTTP Signatures, Cavage's draft). */
export const hmacAuth: Plugin<HmacAuth> = {
  name: 'hmac-auth',
  version: 0.1,
  priority: 2530,
  type: 'auth',
  schema: {
    type: 'object',
    title: 'work with route or service object',
    properties: {
      allowed_algorithms: {
        type: 'array',
        minItems: 1,
        items: { type: 'string', enum: ALGORITHMS },
        default: ALGORITHMS,
      },
      clock_skew: { type: 'integer', default: 300, minimum: 1 },
      signed_headers: { type: 'array', items: { type: 'string', minLength: 1, maxLength: 50 } },
      validate_request_body: {
        type: 'boolean',
        title: 'A boolean value telling the plugin to enable body validation',
        default: false,
      },
      hide_credentials: { type: 'boolean', default: false },
      anonymous_consumer: { type: 'string', minLength: 1 },
    },
  },
  consumerSchema: {
    type: 'object',
    title: 'work with consumer object',
    properties: {
      key_id: { type: 'string', minLength: 1, maxLength: 256 },
      secret_key: { type: 'string', minLength: 1, maxLength: 256 },
    },
    encrypt_fields: ['secret_key'],
    required: ['key_id', 'secret_key'],
  },
  compile(configuration, host) {
    const { anonymous_consumer: anonymous, hide_credentials: hides } = configuration;
    function end(exchange: Exchange, found: Consumer | string): Answer | undefined {
      const refusal = admit(exchange, found, anonymous, host);
      if (refusal === undefined && hides) exchange.request.headers.remove('Authorization');
      return refusal;
    }
    return {
      rewrite(exchange) {
        const signature = signatureIn(exchange.request.headers.get('Authorization'));
        if (typeof signature === 'string') return end(exchange, `${INVALID}: ${signature}`);
        const found = search(exchange, signature, configuration, host);
        if (found === undefined) return end(exchange, INVALID);
        if (!configuration.validate_request_body) return end(exchange, found);
        const digest = exchange.request.headers.get('Digest');
        return readBody(exchange, (body) => end(exchange, digest === digestOf(body) ? found : INVALID));
      },
    };
  },
};

/** What the Authorization field says of the signature. */
interface Signature {
  keyId?: string;
  algorithm?: string;
  signature?: string;
  /** The names of the fields that are signed. */
  headers?: string;
}

/** Reads the field, or says what is wrong with it. */
function signatureIn(authorization: string | undefined): Signature | string {
  if (authorization === undefined) return 'missing Authorization header';
  if (!authorization.startsWith('Signature')) return "Authorization header does not start with 'Signature'";
  const signature: Signature = {};
  for (const part of authorization.slice('Signature'.length).split(',')) {
    const [, name, value] = /([A-Za-z0-9]+)="([^"]*)"/.exec(part) ?? [];
    if (name === 'keyId' || name === 'algorithm' || name === 'signature' || name === 'headers') {
      signature[name] = value as string;
    }
  }
  return signature;
}

/** Gives the consumer whose secret made the signature. */
function search(
  exchange: Exchange,
  { keyId, algorithm = '', signature = '', headers }: Signature,
  configuration: HmacAuth,
  host: PluginHost,
): Consumer | undefined {
  const found = keyId === undefined ? undefined : host.findConsumer('hmac-auth', 'key_id', keyId);
  const hash = configuration.allowed_algorithms.includes(algorithm) ? HASHES.get(algorithm) : undefined;
  const secret = found?.auth.secret_key;
  if (hash === undefined || typeof secret !== 'string' || secret === '') return undefined;
  const date = parsedDate(exchange.request.headers.get('Date') ?? '');
  if (
    date === undefined ||
    Math.abs(Math.floor(host.now() / 1000) - date / 1000) > configuration.clock_skew
  ) {
    return undefined;
  }
  const names = headers?.split(' ') ?? [];
  if (!(configuration.signed_headers ?? []).every((name) => names.includes(bytesOf(name)))) return undefined;
  const given = decodedBase64(signature);
  const expected = createHmac(hash, secret)
    .update(signedText(exchange, keyId as string, names), 'latin1')
    .digest();
  return given?.length === expected.length && timingSafeEqual(given, expected) ? found : undefined;
}

/** What is signed, line by line: the key's id, and the fields that the client names; one that is not there is not signed. */
function signedText(exchange: Exchange, keyId: string, names: readonly string[]): string {
  const lines = [keyId];
  for (const name of names) {
    const value = exchange.request.headers.get(name);
    if (value !== undefined) lines.push(`${name}: ${value}`);
    else if (name === '@request-target')
      lines.push(`${exchange.client.method} ${exchange.variable('request_uri')}`);
  }
  return `${lines.join('\n')}\n`;
}

/** RFC 3230. */
const digestOf = (body: Buffer): string => `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
