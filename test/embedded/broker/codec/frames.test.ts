import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  FRAME_END,
  type FrameFault,
  FrameParser,
  type FrameSink,
} from '../../../../src/embedded/broker/codec/frames.ts';

interface Frame {
  type: number;
  channel: number;
  payload: string;
}

function collector() {
  const frames: Frame[] = [];
  const faults: FrameFault[] = [];
  const sink: FrameSink = {
    onFrame: (type, channel, buffer, start, end) => {
      frames.push({ type, channel, payload: buffer.toString('hex', start, end) });
      return true;
    },
    onFault: (fault) => faults.push(fault),
  };
  return { frames, faults, parser: new FrameParser(sink) };
}

function encode({ type, channel, payload }: Frame): Buffer {
  const body = Buffer.from(payload, 'hex');
  const header = Buffer.alloc(7);
  header.writeUInt8(type, 0);
  header.writeUInt16BE(channel, 1);
  header.writeUInt32BE(body.length, 3);
  return Buffer.concat([header, body, Buffer.from([FRAME_END])]);
}

const frame: fc.Arbitrary<Frame> = fc.record({
  type: fc.nat({ max: 255 }),
  channel: fc.nat({ max: 65_535 }),
  payload: fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes).toString('hex')),
});

describe('FrameParser', () => {
  it('finds the frames however the stream is cut', () => {
    fc.assert(
      fc.property(
        fc.array(frame, { maxLength: 20 }),
        fc.array(fc.integer({ min: 1, max: 300 })),
        (sent, cuts) => {
          const { frames, faults, parser } = collector();
          let rest = Buffer.concat(sent.map(encode));
          for (const cut of cuts) {
            parser.push(rest.subarray(0, cut));
            rest = rest.subarray(cut);
          }
          parser.push(rest);
          expect(frames).toEqual(sent);
          expect(faults).toEqual([]);
        },
      ),
    );
  });

  it('gives up at a frame that is too large, or has no end, and reads nothing after it', () => {
    const { frames, faults, parser } = collector();
    parser.frameMax = 4096;
    parser.push(Buffer.from([1, 0, 1, 0, 0, 0x10, 1]));
    parser.push(encode({ type: 8, channel: 0, payload: '' }));
    expect(frames).toEqual([]);
    expect(faults).toMatchObject([{ type: 1, channel: 1, reason: '{frame_too_large,4097,4088}' }]);
    const other = collector();
    const broken = encode({ type: 1, channel: 2, payload: '0102' });
    broken[broken.length - 1] = 7;
    other.parser.push(Buffer.concat([broken, encode({ type: 8, channel: 0, payload: '' })]));
    expect(other.frames).toEqual([]);
    expect(other.faults).toMatchObject([{ channel: 2, reason: '{invalid_frame_end_marker,7}' }]);
  });

  it('stops when it is told to', () => {
    let seen = 0;
    const parser = new FrameParser({
      onFrame: () => {
        seen += 1;
        return false;
      },
      onFault: () => undefined,
    });
    const two = encode({ type: 8, channel: 0, payload: '' });
    parser.push(Buffer.concat([two, two]));
    parser.push(two);
    expect(seen).toBe(1);
  });
});
