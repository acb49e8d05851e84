/** Why a message is refused: counted and logged under this name. */
export type Fault =
  | 'request-line'
  | 'version'
  | 'field'
  | 'fields-too-long'
  | 'too-many-fields'
  | 'host'
  | 'target'
  | 'content-length'
  | 'transfer-encoding'
  | 'both-lengths'
  | 'chunk'
  | 'trailer'
  | 'status-line'
  | 'expectation'
  | 'connect'
  | 'timeout';

/** A message that breaks the rules of HTTP; nothing after it on its connection can be trusted. */
export class Malformed extends Error {
  readonly fault: Fault;
  /** What its sender is answered. */
  readonly status: number;

  constructor(fault: Fault, message: string, status = 400) {
    super(message);
    this.fault = fault;
    this.status = status;
  }
}
