/** The exit codes of every command. Nothing else may be set as one; `exec` passes a program's own through. */
export const EXIT = {
  done: 0,
  error: 1,
  findings: 2,
  partial: 3,
  timeout: 4,
  usage: 64,
  interrupted: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

export interface QbtcErrorOptions {
  /** The exit code that the command ends with. `EXIT.error` when left out. */
  exit?: ExitCode;
  /** What the user can do about it: one sentence, or better the exact command. */
  hint?: string;
  /** Lines that belong to the message: one mistake a line, or the last log lines of a process. */
  details?: string[];
  cause?: unknown;
}

/**
 * An error that a user can act on. Everything that a part throws on purpose is one of these;
 * any other error is a defect of ours and is reported as such.
 */
export class QbtcError extends Error {
  override readonly name = 'QbtcError';
  /** Stable, upper case, for scripts: `CONFIG_INVALID`, `PORT_TAKEN`. */
  readonly code: string;
  readonly exit: ExitCode;
  readonly hint: string | undefined;
  readonly details: readonly string[];

  constructor(code: string, message: string, options: QbtcErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.exit = options.exit ?? EXIT.error;
    this.hint = options.hint;
    this.details = options.details ?? [];
  }
}

/** The message of whatever was thrown, for a `reason` field. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
