import { createHmac, randomBytes } from 'node:crypto';
import type { Exchange } from '../exchange.ts';
import type { Plugin } from '../plugin.ts';

interface VigoleonrocksSignature {
  key: string;
  key_id?: string;
  replay_window: number;
}

/** The request headers that the upstream gets; the Lua plugin of the same name sends the same bytes. */
export const SIGNATURE_HEADERS = {
  timestamp: 'X-VIGOLEONROCKS-Timestamp',
  expires: 'X-VIGOLEONROCKS-Expires',
  nonce: 'X-VIGOLEONROCKS-Nonce',
  keyId: 'X-VIGOLEONROCKS-Key-Id',
  signature: 'X-VIGOLEONROCKS-Signature',
} as const;

const NAMES = Object.values(SIGNATURE_HEADERS);
const NONCE_BYTES = 16;

export interface SignedParts {
  method: string;
  /** Path and query as the upstream sees them. */
  target: string;
  /** Seconds since the epoch. */
  timestamp: number;
  expires: number;
  nonce: string;
}

/** What is signed, line by line. The body is not part of it: it streams past the gateway. */
export function signedText({ method, target, timestamp, expires, nonce }: SignedParts): string {
  return ['v1', method, target, timestamp, expires, nonce].join('\n');
}

export function signatureOf(key: string, parts: SignedParts): string {
  return `v1=${createHmac('sha256', key).update(signedText(parts)).digest('hex')}`;
}

/**
 * Signs the request for the upstream: HMAC-SHA256 over method, target, time, end of validity and a nonce, so that an
 * upstream can tell what came through the gateway, and refuse what comes late or twice. Values that a client sends
 * under these names, however it spells them, never get through.
 */
export const vigoleonrocksSignature: Plugin<VigoleonrocksSignature> = {
  name: 'vigoleonrocks-signature',
  version: 0.1,
  // After quantum-enhancer (88); APISIX recommends 1 to 99 for plugins that are not its own.
  priority: 87,
  schema: {
    type: 'object',
    properties: {
      key: { type: 'string', minLength: 16 },
      key_id: { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9._-]+$' },
      replay_window: { type: 'integer', minimum: 1, maximum: 3600, default: 300 },
    },
    encrypt_fields: ['key'],
    required: ['key'],
  },
  compile: ({ key, key_id: keyId, replay_window: window }, host) => ({
    access(exchange) {
      const { headers } = exchange.request;
      headers.removeVouched(...NAMES);
      const timestamp = Math.floor(host.now() / 1000);
      const parts: SignedParts = {
        method: exchange.request.method,
        target: targetOf(exchange),
        timestamp,
        expires: timestamp + window,
        nonce: randomBytes(NONCE_BYTES).toString('hex'),
      };
      headers.add(SIGNATURE_HEADERS.timestamp, String(parts.timestamp));
      headers.add(SIGNATURE_HEADERS.expires, String(parts.expires));
      headers.add(SIGNATURE_HEADERS.nonce, parts.nonce);
      if (keyId !== undefined) headers.add(SIGNATURE_HEADERS.keyId, keyId);
      headers.add(SIGNATURE_HEADERS.signature, signatureOf(key, parts));
      return undefined;
    },
  }),
};

const targetOf = (exchange: Exchange) => exchange.request.target;
