import type { Writable } from 'node:stream';
import type { ChannelModel } from 'amqplib';

/** What amqplib 2 has inside: it takes what the channels have to say, each in turn, and writes it to the socket. */
interface Muxer {
  out: Writable;
  _readIncoming(): void;
}

/** Writes the frames of all channels in one go, where amqplib has a system call for each channel. */
export function writeTogether({ connection }: ChannelModel): void {
  const { muxer } = connection as unknown as { muxer?: Partial<Muxer> };
  const { out, _readIncoming: pass } = muxer ?? {};
  // Another amqplib is another inside: it does without.
  if (muxer === undefined || out === undefined || pass === undefined) return;
  muxer._readIncoming = () => {
    out.cork();
    try {
      pass.call(muxer as Muxer);
    } finally {
      out.uncork();
    }
  };
}
