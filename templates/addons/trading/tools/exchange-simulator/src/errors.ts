/** An error as Binance answers it (https://developers.binance.com/docs/binance-spot-api-docs/errors). */
export class ExchangeError extends Error {
  override readonly name = 'ExchangeError';
  readonly status: number;
  readonly code: number;
  /** Seconds, for `Retry-After`. */
  readonly retryAfter: number | undefined;

  constructor(
    code: number,
    message: string,
    { status = 400, retryAfter }: { status?: number; retryAfter?: number } = {},
  ) {
    super(message);
    this.code = code;
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

export const errors = {
  tooManyRequests: (retryAfter: number) =>
    new ExchangeError(
      -1003,
      'Too much request weight used; please use WebSocket Streams for live updates to avoid polling the API.',
      {
        status: 429,
        retryAfter,
      },
    ),
  banned: (until: number, retryAfter: number) =>
    new ExchangeError(-1003, `Way too much request weight used; IP banned until ${until}.`, {
      status: 418,
      retryAfter,
    }),
  tooManyOrders: (retryAfter: number) =>
    new ExchangeError(-1015, 'Too many new orders.', { status: 429, retryAfter }),
  timeout: () =>
    new ExchangeError(
      -1007,
      'Timeout waiting for response from backend server. Send status unknown; execution status unknown.',
      {
        status: 408,
      },
    ),
  ahead: () => new ExchangeError(-1021, "Timestamp for this request was 1000ms ahead of the server's time."),
  outsideWindow: () => new ExchangeError(-1021, 'Timestamp for this request is outside of the recvWindow.'),
  signature: () => new ExchangeError(-1022, 'Signature for this request is not valid.'),
  missing: (name: string) =>
    new ExchangeError(-1102, `Mandatory parameter '${name}' was not sent, was empty/null, or malformed.`),
  illegal: (name: string, legal: string) =>
    new ExchangeError(-1100, `Illegal characters found in parameter '${name}'; legal range is '${legal}'.`),
  symbol: () => new ExchangeError(-1121, 'Invalid symbol.'),
  interval: () => new ExchangeError(-1120, 'Invalid interval.'),
  side: () => new ExchangeError(-1117, 'Invalid side.'),
  orderType: () => new ExchangeError(-1116, 'Invalid orderType.'),
  timeInForce: () => new ExchangeError(-1115, 'Invalid timeInForce.'),
  filter: (name: string) => new ExchangeError(-1013, `Filter failure: ${name}`),
  balance: () => new ExchangeError(-2010, 'Account has insufficient balance for requested action.'),
  duplicate: () => new ExchangeError(-2010, 'Duplicate order sent.'),
  rejected: (message: string) => new ExchangeError(-2010, message),
  unknownOrder: () => new ExchangeError(-2011, 'Unknown order sent.'),
  noSuchOrder: () => new ExchangeError(-2013, 'Order does not exist.'),
  key: () => new ExchangeError(-2015, 'Invalid API-key, IP, or permissions for action.', { status: 401 }),
};
