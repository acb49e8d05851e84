import { describe, expect, it } from 'vitest';
import { BodyPipe } from '../../../../src/embedded/gateway/proxy/body-pipe.ts';

/** What a pipe did, in its order. */
function recorded(filter: (text: string, last: boolean) => string | Promise<string>) {
  const events: string[] = [];
  const pipe = new BodyPipe(
    (chunk, last) => {
      const piece = filter(chunk.toString(), last);
      return piece instanceof Promise ? piece.then((each) => Buffer.from(each)) : Buffer.from(piece);
    },
    {
      write: (piece) => events.push(`write ${piece}`),
      end: () => events.push('end'),
      failed: (error) => events.push(`failed ${(error as Error).message}`),
      hold: () => events.push('hold'),
      release: () => events.push('release'),
    },
  );
  return { events, pipe };
}

describe('a body that is filtered', () => {
  it('goes on at once where the filter does not wait', () => {
    const { events, pipe } = recorded((text, last) => (last ? `${text}!` : text.toUpperCase()));
    pipe.push(Buffer.from('a'));
    pipe.finish(Buffer.from('b'), undefined);
    expect(events).toEqual(['write A', 'write b!', 'end']);
  });

  it('keeps its order where the filter waits, and holds the sender meanwhile', async () => {
    const waits: (() => void)[] = [];
    const { events, pipe } = recorded((text) => new Promise((done) => waits.push(() => done(text))));
    pipe.push(Buffer.from('a'));
    pipe.push(Buffer.from('b'));
    pipe.finish(Buffer.alloc(0), undefined);
    for (let turn = 0; turn < 3; turn++) {
      await expect.poll(() => waits.length).toBeGreaterThan(turn);
      waits[turn]?.();
    }
    await expect.poll(() => events).toEqual(['hold', 'write a', 'write b', 'write ', 'end', 'release']);
  });

  it('ends where the filter throws, now or later', async () => {
    for (const fails of [true, false]) {
      const { events, pipe } = recorded(() => {
        if (fails) throw new Error('no');
        return Promise.reject(new Error('no'));
      });
      pipe.push(Buffer.from('a'));
      await expect.poll(() => events).toContain('failed no');
    }
  });
});
