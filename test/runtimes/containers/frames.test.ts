import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameLines, timedLine } from '../../../src/runtimes/containers/frames.ts';

/** As the Docker Engine API has it: the stream, three zeros, the length in big endian. */
function frame(stream: 1 | 2, text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

test('lines come out whole however frames and chunks are cut', () => {
  const lines = fc.array(fc.stringMatching(/^[a-zäöü漢 ]{0,20}$/), { maxLength: 20 });
  fc.assert(
    fc.property(lines, fc.array(fc.integer({ min: 1, max: 30 })), (given, cuts) => {
      const whole = Buffer.concat(given.map((line, index) => frame(index % 2 === 0 ? 1 : 2, `${line}\n`)));
      const frames = new FrameLines();
      const read: string[] = [];
      let at = 0;
      for (const cut of [...cuts, whole.length]) {
        read.push(...frames.push(whole.subarray(at, at + cut)));
        at += cut;
      }
      read.push(...frames.push(whole.subarray(at)), ...frames.end());
      expect(read).toEqual(given);
    }),
  );
});

test('the halves of a line of one stream belong together, whatever the other says in between', () => {
  const frames = new FrameLines();
  expect(frames.push(frame(1, 'first ha'))).toEqual([]);
  expect(frames.push(frame(2, 'an error\n'))).toEqual(['an error']);
  expect(frames.push(frame(1, 'lf\nand the rest'))).toEqual(['first half']);
  expect(frames.end()).toEqual(['and the rest']);
});

test('the time of a line is in milliseconds, and as the engine wrote it', () => {
  expect(timedLine('2026-11-21T03:52:17.189276016Z ready to serve')).toEqual({
    timestamp: '2026-11-21T03:52:17.189Z',
    line: 'ready to serve',
    stamp: '2026-11-21T03:52:17.189276016Z',
  });
  expect(timedLine('2026-11-21T03:52:17Z ')).toEqual({
    timestamp: '2026-11-21T03:52:17.000Z',
    line: '',
    stamp: '2026-11-21T03:52:17Z',
  });
  expect(timedLine('no time at all')).toEqual({ timestamp: '', line: 'no time at all', stamp: '' });
});
