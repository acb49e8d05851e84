import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import { isRecord } from '../../../record.ts';

/** A JSON Web Token in the compact form of a signature (RFC 7515, 3.1), taken apart; nothing of it is verified. */
export interface JsonWebToken {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Readonly<Record<string, unknown>>;
  /** Header and payload as they are signed. */
  readonly signed: string;
  readonly signature: Buffer;
}

/** What a token is verified with: a secret in bytes, or a public key or certificate in PEM. */
export interface VerificationKey {
  readonly algorithm: string;
  readonly key: Buffer | string;
}

/** Gives the token in a text of one character a byte; `undefined` for what is none. */
export function parsedToken(text: string): JsonWebToken | undefined {
  const parts = text.split('.');
  const [header, payload, signature] = parts.map(decoded);
  if (parts.length !== 3 || signature === undefined) return undefined;
  const [head, claims] = [objectIn(header), objectIn(payload)];
  if (head === undefined || claims === undefined) return undefined;
  return { header: head, payload: claims, signed: `${parts[0]}.${parts[1]}`, signature };
}

/** Decodes base64url (RFC 7515, 2): without padding, and each text of it stands for other bytes. */
function decoded(part: string): Buffer | undefined {
  const bytes = Buffer.from(part, 'base64url');
  return bytes.toString('base64url') === part ? bytes : undefined;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function objectIn(bytes: Buffer | undefined): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(utf8.decode(bytes));
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/**
 * Tells whether the key has signed the token. The algorithm is that of the key: a token that names another one, `none`
 * among them, is not signed, so that nobody signs with a public key as if it were a secret (RFC 8725, 3.1).
 */
export function isSigned(token: JsonWebToken, { algorithm, key }: VerificationKey): boolean {
  if (token.header.alg !== algorithm) return false;
  // What an extension says that is not known here must not be passed over (RFC 7515, 4.1.11).
  if (token.header.crit !== undefined) return false;
  return ALGORITHMS.get(algorithm)?.(token, key) ?? false;
}

type Verify = (token: JsonWebToken, key: Buffer | string) => boolean;

const ALGORITHMS: ReadonlyMap<string, Verify> = new Map([
  ['HS256', bySecret('sha256')],
  ['HS512', bySecret('sha512')],
  ['RS256', byPublicKey('rsa')],
  ['ES256', byPublicKey('ec', 'prime256v1')],
]);

function bySecret(hash: string): Verify {
  return ({ signed, signature }, key) => {
    if (key.length === 0) return false;
    const expected = createHmac(hash, key).update(signed, 'latin1').digest();
    return signature.length === expected.length && timingSafeEqual(signature, expected);
  };
}

/** RFC 7518, 3.3 and 3.4. */
function byPublicKey(type: string, curve?: string): Verify {
  return ({ signed, signature }, pem) => {
    const key = typeof pem === 'string' ? publicKey(pem) : undefined;
    if (key?.asymmetricKeyType !== type || key.asymmetricKeyDetails?.namedCurve !== curve) return false;
    return verify('sha256', Buffer.from(signed, 'latin1'), { key, dsaEncoding: 'ieee-p1363' }, signature);
  };
}

/** Reading a key costs as much as verifying with it; the configuration names few. */
const keys = new Map<string, KeyObject | undefined>();
const MOST_KEYS = 1_000;

function publicKey(pem: string): KeyObject | undefined {
  if (!keys.has(pem)) {
    if (keys.size >= MOST_KEYS) keys.clear();
    keys.set(pem, readKey(pem));
  }
  return keys.get(pem);
}

function readKey(pem: string): KeyObject | undefined {
  try {
    return createPublicKey(pem);
  } catch {
    return undefined;
  }
}
