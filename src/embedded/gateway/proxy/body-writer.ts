import type { Socket } from 'node:net';
import type { RequestBody } from './request-body.ts';

/** Who has a body written. */
export interface BodyWriting {
  /** Whether the request is still under way; what comes for one that is not goes nowhere. */
  isWanted(): boolean;
  onSent(): void;
  /** The client went away before the end. */
  onGone(): void;
}

/** A head with a short body that is here already, in one piece: text of one character a byte. */
export function withBody(head: string, body: RequestBody): string {
  let text = head;
  const chunked = body.length === undefined;
  body.read({
    onData(chunk) {
      text += chunked
        ? `${chunk.length.toString(16)}\r\n${chunk.toString('latin1')}\r\n`
        : chunk.toString('latin1');
      return true;
    },
    onEnd() {
      if (chunked) text += '0\r\n\r\n';
    },
    onGone() {},
  });
  return text;
}

/** Writes a body as it comes, no faster than the socket takes it. */
export function writeBody(socket: Socket, body: RequestBody, writing: BodyWriting): void {
  const chunked = body.length === undefined;
  body.read({
    onData(chunk) {
      if (!writing.isWanted()) return true;
      if (chunked) {
        socket.cork();
        socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
        socket.write(chunk);
        socket.write('\r\n', 'latin1');
        socket.uncork();
      } else {
        socket.write(chunk);
      }
      if (!socket.writableNeedDrain) return true;
      socket.once('drain', () => body.resume());
      return false;
    },
    onEnd() {
      if (!writing.isWanted()) return;
      if (chunked) socket.write('0\r\n\r\n', 'latin1');
      writing.onSent();
    },
    onGone() {
      if (writing.isWanted()) writing.onGone();
    },
  });
}
