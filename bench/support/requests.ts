import { Agent, request } from 'undici';

/** One request; the number is another one each time, so that no two ask for the same. Rejects unless it is answered well. */
export type Ask = (index: number) => Promise<void>;

/** Posts what `question` gives, on so many connections. */
export function asker(target: string, { headers = {}, connections, question }: Asked): Ask {
  const dispatcher = new Agent({ connections, pipelining: 1 });
  return async (index) => {
    const { statusCode, body } = await request(target, {
      method: 'POST',
      headers: { ...headers, 'content-type': 'application/json' },
      body: question(index),
      dispatcher,
    });
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`${statusCode}: ${text}`);
  };
}

interface Asked {
  headers?: Record<string, string>;
  connections: number;
  question: (index: number) => string;
}

let asked = 0;

/** Milliseconds that each request took, one after the other. */
export async function oneAfterAnother(
  ask: Ask,
  { warmUp, requests }: { warmUp: number; requests: number },
): Promise<number[]> {
  const durations: number[] = [];
  for (let count = -warmUp; count < requests; count += 1) {
    asked += 1;
    const before = performance.now();
    await ask(asked);
    if (count >= 0) durations.push(performance.now() - before);
  }
  return durations;
}

/** Requests a second with so many in flight. */
export async function inFlight(
  ask: Ask,
  { requests, inFlight: many }: { requests: number; inFlight: number },
): Promise<number> {
  let left = requests;
  const before = performance.now();
  await Promise.all(
    Array.from({ length: many }, async () => {
      while (left > 0) {
        left -= 1;
        asked += 1;
        await ask(asked);
      }
    }),
  );
  return requests / ((performance.now() - before) / 1000);
}
