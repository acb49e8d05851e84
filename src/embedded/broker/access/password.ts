import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SALT_BYTES = 4;

/**
 * RabbitMQ's `rabbit_password_hashing_sha256`: Base64 of a salt of four bytes and SHA-256 of salt and password
 * (https://www.rabbitmq.com/docs/passwords#computing-password-hash).
 */
export function hashPassword(password: string, salt: Buffer = randomBytes(SALT_BYTES)): string {
  return Buffer.concat([salt, digest(salt, password)]).toString('base64');
}

/** Whether the password is the one that was hashed; tells nothing by its duration. An empty hash lets nobody in. */
export function matchesHash(password: string, hash: string): boolean {
  const bytes = Buffer.from(hash, 'base64');
  const salt = bytes.subarray(0, SALT_BYTES);
  const expected = bytes.subarray(SALT_BYTES);
  const given = digest(salt, password);
  return expected.length === given.length && timingSafeEqual(given, expected);
}

function digest(salt: Buffer, password: string): Buffer {
  return createHash('sha256').update(salt).update(password).digest();
}
