/**
 * - `unresolved`: nobody knows where the service runs
 * - `no-instance`: no instance can be called
 * - `unreachable`: the instance took no connection, so nothing was sent
 * - `broken-off`: the connection was lost before the whole answer was there
 * - `bad-answer`: 502, 503, 504, or no JSON where JSON was asked for
 * - `circuit-open`: the instance failed too often just now and is left alone; nothing was sent
 * - `timeout`: the budget is used up
 * - `overloaded`: too many calls of the service are in work here; nothing was sent
 */
export type CallFailure =
  | 'unresolved'
  | 'no-instance'
  | 'unreachable'
  | 'broken-off'
  | 'bad-answer'
  | 'circuit-open'
  | 'timeout'
  | 'overloaded';

const UNSENT = new Set<CallFailure>(['no-instance', 'unreachable', 'circuit-open']);
const PASSING = new Set<CallFailure>([
  'no-instance',
  'unreachable',
  'circuit-open',
  'broken-off',
  'bad-answer',
]);

/** A call that got no answer to work with. */
export class CallFailed extends Error {
  override readonly name = 'CallFailed';
  readonly code: CallFailure;
  /** The status, where there was an answer. */
  readonly status: number | undefined;

  constructor(code: CallFailure, message: string, options: { status?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.code = code;
    this.status = options.status;
  }

  /** Nothing of the call has reached anybody. */
  get unsent(): boolean {
    return UNSENT.has(this.code);
  }

  /** Another try may fare better. */
  get passing(): boolean {
    return PASSING.has(this.code) && !(this.code === 'bad-answer' && this.status === undefined);
  }
}
