import type { Socket } from 'node:net';

type Done = (error?: Error | null) => void;

const CLOSED_BY_PEER = new Set(['EPIPE', 'ECONNRESET']);
/** How long after a failed write what had arrived before it may still be read. */
const GRACE_MS = 1000;

/**
 * Lets the answer of a peer that closed before it had the whole request be read (RFC 9112, 9.6). Node destroys a
 * socket as soon as a write to it fails, and with it the bytes that the peer had sent before. Here that failure waits
 * until reading has come to the connection's end, which destroys the socket, or for a moment.
 */
export function readBeforeWriteFails(socket: Socket): Socket {
  const { _write: write, _writev: writev } = socket;
  let failing: NodeJS.Timeout | undefined;
  const later =
    (done: Done): Done =>
    (error) => {
      const { code = '' } = (error ?? {}) as NodeJS.ErrnoException;
      if (socket.destroyed || !CLOSED_BY_PEER.has(code)) done(error);
      else failing = setTimeout(done, GRACE_MS, error);
    };
  socket._write = (chunk, encoding, done) => write.call(socket, chunk, encoding, later(done));
  if (writev !== undefined) socket._writev = (chunks, done) => writev.call(socket, chunks, later(done));
  return socket.once('close', () => clearTimeout(failing));
}
