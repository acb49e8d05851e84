import { createHash, timingSafeEqual } from 'node:crypto';
import { bytesOf } from '../../../matching/bytes.ts';
import type { Answer } from '../answer.ts';
import type { Consumer, Exchange } from '../exchange.ts';
import type { PluginHost } from '../plugin.ts';

/**
 * Makes the consumer that of the request and tells the upstream who it is (apisix/consumer.lua, `attach_consumer`). The
 * plugin that found it calls this at once, so that plugins after it see both. What a client says under these names goes
 * in every spelling, also where the gateway has nothing to say under them.
 */
export function attachConsumer(exchange: Exchange, consumer: Consumer): void {
  exchange.consumer = consumer;
  const { headers } = exchange.request;
  const labels = consumer.value.labels as { custom_id?: string } | undefined;
  headers.removeVouched('X-Consumer-Username', 'X-Credential-Identifier', 'X-Consumer-Custom-ID');
  headers.append('X-Consumer-Username', consumer.username);
  headers.append('X-Credential-Identifier', consumer.credentialId ?? '');
  headers.append('X-Consumer-Custom-ID', bytesOf(labels?.custom_id ?? ''));
}

/**
 * Ends what every auth plugin does: attaches the consumer that it found, or the anonymous one where the plugin names
 * one (`anonymous_consumer`), or gives the 401.
 *
 * @param found the consumer, or what the client is told in its place
 */
export function admit(
  exchange: Exchange,
  found: Consumer | string,
  anonymous: string | undefined,
  host: PluginHost,
): Answer | undefined {
  const consumer =
    typeof found === 'string' && anonymous !== undefined
      ? (host.consumerNamed(anonymous) ?? 'Invalid user authorization')
      : found;
  if (typeof consumer === 'string') return { status: 401, body: { message: consumer } };
  attachConsumer(exchange, consumer);
  return undefined;
}

/**
 * Compares what a client says with a secret, in a time that tells nothing of where they differ.
 *
 * @param given, secret one character a byte
 */
export function isSecret(given: string, secret: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text, 'latin1').digest();
  return timingSafeEqual(digest(given), digest(secret));
}

const BASE64 = /^[A-Za-z0-9+/]*/;

/** Decodes base64 as nginx does (`ngx_decode_base64`); `undefined` for what is none. */
export function decodedBase64(text: string): Buffer | undefined {
  const digits = BASE64.exec(text)?.[0] ?? '';
  const rest = text[digits.length];
  return (rest === undefined || rest === '=') && digits.length % 4 !== 1
    ? Buffer.from(digits, 'base64')
    : undefined;
}
