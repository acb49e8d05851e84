import { createHash } from 'node:crypto';

/** Bytes of the salt that stand before the digest. */
const SALT_BYTES = 4;

/**
 * RabbitMQ's `rabbit_password_hashing_sha256`: Base64 of a salt and of SHA-256 of salt and password
 * (https://www.rabbitmq.com/docs/passwords#computing-password-hash). The salt follows from the password, so that the
 * same definitions are the same text.
 */
export function passwordHash(password: string): string {
  return hashWith(createHash('sha256').update(`qbtc ${password}`).digest().subarray(0, SALT_BYTES), password);
}

/** Whether a stored hash is that of the password. */
export function isHashOf(hash: string, password: string): boolean {
  const bytes = Buffer.from(hash, 'base64');
  return bytes.length > SALT_BYTES && hashWith(bytes.subarray(0, SALT_BYTES), password) === hash;
}

function hashWith(salt: Buffer, password: string): string {
  const digest = createHash('sha256').update(salt).update(password).digest();
  return Buffer.concat([salt, digest]).toString('base64');
}
