import type { Socket } from 'node:net';
import type { UpstreamConnection } from './upstream-connection.ts';

/** The client's end of a tunnel, with the bytes that have come from it already. */
export interface TunnelEnd {
  socket: Socket;
  rest: Buffer;
}

/** How long the rest of a tunnel that is over may make no way to its end. */
const STALLED_MS = 10_000;
/** How long a tunnel may be silent before TCP asks whether the other end is still there. */
const PROBE_MS = 60_000;

/** Joins two connections: the bytes of each go to the other, at the pace of the slower one; when one ends, so does the other. */
export function tunnel(
  { socket: client, rest }: TunnelEnd,
  connection: UpstreamConnection,
  over: () => void,
): void {
  const upstream = connection.takeOver((chunk) => {
    if (client.write(chunk)) return;
    connection.pause();
    client.once('drain', () => connection.resume());
  });
  let open = true;
  const end = () => {
    if (!open) return;
    open = false;
    for (const socket of [client, upstream])
      socket.setTimeout(STALLED_MS, () => socket.destroy()).destroySoon();
    over();
  };
  for (const socket of [client, upstream]) {
    socket.setKeepAlive(true, PROBE_MS);
    socket.on('error', end).on('end', end).on('close', end);
  }
  if (rest.length > 0) upstream.write(rest);
  client.pipe(upstream);
}
