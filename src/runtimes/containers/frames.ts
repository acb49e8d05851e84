import type { ContainerLine } from './containers.ts';

const HEADER_BYTES = 8;

/**
 * Takes the engine's stream of a container without a terminal apart. Each frame has a header of eight bytes: the stream
 * (1 stdout, 2 stderr), three zeros, and the length in big endian (Docker Engine API, `ContainerAttach`). Lines may be cut by
 * frames, and frames by chunks.
 */
export class FrameLines {
  #pending: Buffer = Buffer.alloc(0);
  readonly #partial = new Map<number, string>();

  /** The lines that are whole now, of both streams. */
  push(chunk: Buffer): string[] {
    let data = Buffer.concat([this.#pending, chunk]);
    const lines: string[] = [];
    while (data.length >= HEADER_BYTES) {
      const length = data.readUInt32BE(4);
      if (data.length < HEADER_BYTES + length) break;
      const stream = data.readUInt8(0);
      const text = data.subarray(HEADER_BYTES, HEADER_BYTES + length).toString('utf8');
      data = data.subarray(HEADER_BYTES + length);
      const pieces = `${this.#partial.get(stream) ?? ''}${text}`.split('\n');
      this.#partial.set(stream, pieces.pop() ?? '');
      lines.push(...pieces);
    }
    this.#pending = data;
    return lines;
  }

  /** What was left without an end of line. */
  end(): string[] {
    return [...this.#partial.values()].filter((line) => line !== '');
  }
}

/** A line as the engine gives it with `timestamps`: its time (nanoseconds cut to milliseconds), a blank, the text. */
export function timedLine(line: string): ContainerLine {
  const [, stamp, seconds, fraction = '', text = ''] =
    /^((\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d+))?Z) ?(.*)$/s.exec(line) ?? [];
  if (stamp === undefined) return { timestamp: '', line, stamp: '' };
  return {
    timestamp: `${seconds}.${fraction.padEnd(3, '0').slice(0, 3)}Z`,
    line: text.replace(/\r$/, ''),
    stamp,
  };
}
