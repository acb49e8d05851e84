import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';

const SALT_BYTES = 4;

/** The hashes that RabbitMQ ships with: older brokers made MD5, and operators may choose. */
const HASHINGS = ['sha256', 'sha512', 'md5'] as const;
export type Hashing = (typeof HASHINGS)[number];
export const DEFAULT_HASHING: Hashing = 'sha256';

/** The Erlang module as which RabbitMQ names a hash. */
export function moduleOf(hashing: Hashing): string {
  return `rabbit_password_hashing_${hashing}`;
}

export function hashingNamed(module: string): Hashing | undefined {
  return HASHINGS.find((hashing) => moduleOf(hashing) === module);
}

/**
 * RabbitMQ's `rabbit_password_hashing_sha256`: Base64 of a salt of four bytes and SHA-256 of salt and password
 * (https://www.rabbitmq.com/docs/passwords#computing-password-hash).
 */
export function hashPassword(password: string, salt: Buffer = randomBytes(SALT_BYTES)): string {
  return Buffer.concat([salt, digest(salt, password, DEFAULT_HASHING)]).toString('base64');
}

/** Whether the password is the one that was hashed; tells nothing by its duration. An empty hash lets nobody in. */
export function matchesHash(password: string, hash: string, hashing: Hashing = DEFAULT_HASHING): boolean {
  const bytes = Buffer.from(hash, 'base64');
  const salt = bytes.subarray(0, SALT_BYTES);
  const expected = bytes.subarray(SALT_BYTES);
  const given = digest(salt, password, hashing);
  return expected.length === given.length && timingSafeEqual(given, expected);
}

function digest(salt: Buffer, password: string, hashing: Hashing): Buffer {
  return createHash(hashing).update(salt).update(password).digest();
}
