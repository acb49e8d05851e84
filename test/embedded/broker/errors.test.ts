import fc from 'fast-check';
import { expect, it } from 'vitest';
import { AmqpError } from '../../../src/embedded/broker/errors.ts';

it('a reply text fits into a short string, whatever it quotes, and is cut between characters', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 80, maxLength: 300 }), (name) => {
      const { replyText, message } = new AmqpError('NOT_FOUND', `no queue '${name}' in vhost '/'`);
      expect(Buffer.byteLength(replyText)).toBeLessThanOrEqual(255);
      if (replyText === message) return;
      expect(replyText.endsWith('...')).toBe(true);
      expect(message.startsWith(replyText.slice(0, -3))).toBe(true);
    }),
  );
  const { replyText } = new AmqpError('NOT_FOUND', '€'.repeat(85));
  expect(Buffer.byteLength(replyText)).toBe(255);
});
