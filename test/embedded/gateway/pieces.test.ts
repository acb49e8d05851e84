import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Pieces } from '../../../src/embedded/gateway/pieces.ts';

describe('pieces', () => {
  const sizes = fc.oneof(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 20_000 }));

  it('are given back as the same bytes, at once or one after the other', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(sizes, fc.boolean())), (steps) => {
        const pieces = new Pieces();
        let expected = '';
        let given = '';
        for (const [i, [size, takesOne]] of steps.entries()) {
          const piece = String.fromCharCode(97 + (i % 26)).repeat(size);
          expected += piece;
          pieces.add(Buffer.from(piece));
          if (takesOne) given += pieces.shift() ?? '';
        }
        expect(pieces.length).toBe(expected.length - given.length);
        expect(given + pieces.bytes()).toBe(expected);
        for (let piece = pieces.shift(); piece !== undefined; piece = pieces.shift()) given += piece;
        expect(given).toBe(expected);
        expect(pieces.length).toBe(0);
      }),
    );
  });

  it('of one byte take few buffers', () => {
    const pieces = new Pieces();
    for (let i = 0; i < 100_000; i++) pieces.add(Buffer.from('a'));
    let count = 0;
    while (pieces.shift() !== undefined) count++;
    expect(count).toBe(8);
  });
});
