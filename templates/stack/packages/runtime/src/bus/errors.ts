/** There is no connection to the broker, or it was lost before the broker had confirmed. */
export class BusUnavailable extends Error {
  override readonly name = 'BusUnavailable';
}

/** The broker took the message back: no queue is bound where it was sent to. */
export class Unroutable extends Error {
  override readonly name = 'Unroutable';
}

/** No part of the answer came in time. */
export class DeadlineExceeded extends Error {
  override readonly name = 'DeadlineExceeded';
}

/** The answer was begun anew (its author was restarted) after parts of it had been handed out. */
export class AnswerInterrupted extends Error {
  override readonly name = 'AnswerInterrupted';
}

/** Thrown by a consumer's handler: the message can never be processed and goes to the dead-letter exchange, with this reason. */
export class Rejection extends Error {
  override readonly name = 'Rejection';
}
