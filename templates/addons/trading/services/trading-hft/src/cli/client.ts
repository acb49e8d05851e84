/** What is said to whoever sits at the terminal. */
export class CliError extends Error {
  override readonly name = 'CliError';
  /** The command that mends it. */
  readonly hint: string | undefined;

  constructor(message: string, hint?: string) {
    super(message);
    this.hint = hint;
  }
}

const TIMEOUT_MS = 10_000;

/**
 * Asks the service, directly and not through the gateway: the kill switch has to work when that is away.
 *
 * @throws {CliError}
 */
export async function askService<Answer>(
  method: 'GET' | 'POST',
  path: string,
  body?: object,
): Promise<Answer> {
  const { HOST = '127.0.0.1', PORT, TRADING_CONTROL_KEY = '' } = process.env;
  const answer = await fetch(`http://${HOST}:${PORT}${path}`, {
    method,
    headers: {
      'x-control-key': TRADING_CONTROL_KEY,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: Error & { cause?: Error }) => {
    throw new CliError(
      `the trading service does not answer on port ${PORT}: ${error.cause?.message ?? error.message}`,
      'qbtc up trading-hft',
    );
  });
  const text = await answer.text();
  if (answer.ok) return JSON.parse(text) as Answer;
  const told = errorOf(text);
  throw new CliError(
    `the trading service refused: ${told}`,
    answer.status >= 500 ? 'qbtc logs trading-hft' : undefined,
  );
}

function errorOf(text: string): string {
  try {
    return (JSON.parse(text) as { error: { message: string } }).error.message;
  } catch {
    return text.slice(0, 200);
  }
}
