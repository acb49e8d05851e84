import { expect, test } from 'vitest';
import { serverSentEvents } from '../../../src/answering/engines/sse.ts';

test('whatever comes is a sign of life: comments, too', async () => {
  const pieces = [': still thinking\n\n', ': ', 'still thinking\n\n', 'data: {"a":1}\n\n'];
  let next = 0;
  let heard = 0;
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      const piece = pieces[next++];
      if (piece === undefined) controller.close();
      else controller.enqueue(new TextEncoder().encode(piece));
    },
  });
  const events: unknown[] = [];
  for await (const event of serverSentEvents(body, () => {
    heard += 1;
  }))
    events.push(event);
  expect(events).toEqual([{ data: '{"a":1}', isError: false, isCut: false }]);
  expect(heard).toBe(pieces.length);
});
