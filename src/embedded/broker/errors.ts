/** The reply codes of AMQP 0-9-1 (and RabbitMQ's extensions) that this broker raises. */
const REPLIES = {
  CONTENT_TOO_LARGE: { code: 311, scope: 'channel' },
  NO_ROUTE: { code: 312, scope: 'channel' },
  ACCESS_REFUSED: { code: 403, scope: 'channel' },
  NOT_FOUND: { code: 404, scope: 'channel' },
  RESOURCE_LOCKED: { code: 405, scope: 'channel' },
  PRECONDITION_FAILED: { code: 406, scope: 'channel' },
  CONNECTION_FORCED: { code: 320, scope: 'connection' },
  FRAME_ERROR: { code: 501, scope: 'connection' },
  SYNTAX_ERROR: { code: 502, scope: 'connection' },
  COMMAND_INVALID: { code: 503, scope: 'connection' },
  CHANNEL_ERROR: { code: 504, scope: 'connection' },
  UNEXPECTED_FRAME: { code: 505, scope: 'connection' },
  RESOURCE_ERROR: { code: 506, scope: 'connection' },
  NOT_ALLOWED: { code: 530, scope: 'connection' },
  NOT_IMPLEMENTED: { code: 540, scope: 'connection' },
  INTERNAL_ERROR: { code: 541, scope: 'connection' },
} as const;

export type ReplyName = keyof typeof REPLIES;

/**
 * An error of the protocol: it closes the channel or the connection that caused it.
 * The explanations are RabbitMQ's own texts, because clients match on them.
 */
export class AmqpError extends Error {
  readonly reply: ReplyName;
  readonly explanation: string;

  constructor(reply: ReplyName, explanation: string) {
    super(`${reply} - ${explanation}`);
    this.name = 'AmqpError';
    this.reply = reply;
    this.explanation = explanation;
  }

  get code(): number {
    return REPLIES[this.reply].code;
  }

  /** What has to be closed. */
  get scope(): 'channel' | 'connection' {
    return REPLIES[this.reply].scope;
  }

  /** The reply text as it goes into a short string: at most 255 bytes, cut as RabbitMQ cuts it. */
  get replyText(): string {
    const bytes = Buffer.from(this.message);
    if (bytes.length <= 255) return this.message;
    let end = 252;
    // Not within a character: what would stand for its half might be longer than it.
    while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
    return `${bytes.toString('utf8', 0, end)}...`;
  }
}

/** A resource as RabbitMQ writes it in its messages. */
export function describe(kind: 'queue' | 'exchange', name: string, vhost: string): string {
  return `${kind} '${name}' in vhost '${vhost}'`;
}
