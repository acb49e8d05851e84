import { reasonOf } from '@stack/runtime/errors';

/** What a client is told: `{error: {code, message}}` with this status. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string, options?: { cause: unknown }) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}

/** Waits for what a server is asked for; while that is away the client is told so with 503. */
export async function from<Result>(part: string, asked: Promise<Result>): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    throw new ApiError(503, `${part}_unavailable`, `the ${part} does not answer: ${reasonOf(error)}`, {
      cause: error,
    });
  }
}
