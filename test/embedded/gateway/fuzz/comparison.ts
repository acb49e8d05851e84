import { type Extent, type FuzzBench, numbered } from './bench.ts';
import { converse } from './conversation.ts';
import { type Request, valuesOf } from './messages.ts';
import { randomFrom } from './random.ts';
import { nextCase } from './requests.ts';
import { readStream, type Stream } from './stream.ts';
import type { Seen, StrictServer } from './strict-server.ts';

/** Somebody who forwards to a strict server. */
interface Intermediary {
  port: number;
  server: StrictServer;
}

/** Sends the same to the gateway and to nginx, and compares which requests reach the server, and where each ends. */
export async function compareFraming(
  bench: FuzzBench,
  nginx: Intermediary,
  { requests, seed }: Extent,
): Promise<{ differences: string[]; both: number; figures: string }> {
  const { gateway, server } = bench;
  bench.reply = numbered;
  const differences: string[] = [];
  let [sent, both, onlyNginx] = [0, 0, 0];
  for (let each = seed; sent < requests; each++) {
    const { pieces, requests: count } = nextCase(randomFrom(each));
    sent += count;
    const stream = readStream(pieces.join(''));
    const here = await served({ port: gateway.port, server }, pieces, stream);
    const there = await served(nginx, pieces, stream);
    for (const [index, request] of stream.requests.entries()) {
      const [ours, theirs] = [here.get(index), there.get(index)];
      if (ours !== undefined && theirs !== undefined) {
        both++;
        if (ours.body !== theirs.body)
          differences.push(`seed ${each}, request ${index + 1}: nginx sees another body`);
        continue;
      }
      if (theirs !== undefined) onlyNginx++;
      else if (ours !== undefined && !isRefusedByNginx(request))
        differences.push(
          `seed ${each}, request ${index + 1}: nginx does not serve ${JSON.stringify(request)}`,
        );
      // Who refuses a request closes the connection: they have no more in common.
      break;
    }
  }
  return {
    differences,
    both,
    figures: `${sent} odd requests: ${both} served by nginx, too, ${onlyNginx} by nginx alone`,
  };
}

/** What reached the server, by the place of the answer that tells of it. */
async function served(
  { port, server }: Intermediary,
  pieces: string[],
  stream: Stream,
): Promise<Map<number, Seen>> {
  server.clear();
  const { answers } = await converse(port, pieces, stream);
  const bySerial = new Map(server.seen.map((seen) => [String(seen.serial), seen]));
  return new Map(
    answers.flatMap(({ fields }, index) => {
      const seen = bySerial.get(valuesOf(fields, 'x-serial')[0] ?? '');
      return seen === undefined ? [] : [[index, seen] as const];
    }),
  );
}

/** nginx takes no method but of capitals, `_` and `-`, and never TRACE. */
const isRefusedByNginx = ({ method }: Request): boolean => !/^[A-Z_-]+$/.test(method) || method === 'TRACE';
