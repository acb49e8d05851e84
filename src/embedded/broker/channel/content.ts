import { Reader } from '../codec/reader.ts';
import { AmqpError } from '../errors.ts';
import { LARGEST_MESSAGE_BYTES } from '../message.ts';

const BASIC = 60;
/** Class, weight and body size in front of the property list. */
const HEADER_BYTES = 12;
const EMPTY = Buffer.alloc(0);

/** The arguments of `basic.publish`. */
export interface PublishTarget {
  exchange: string;
  routingKey: string;
  /** Both as they were encoded. */
  address: Buffer;
  mandatory: boolean;
  immediate: boolean;
}

/** Reads the arguments of `basic.publish`; the frame is not kept. */
export function readPublishTarget(reader: Reader): PublishTarget {
  reader.short();
  const from = reader.offset;
  const exchange = reader.shortstr();
  const routingKey = reader.shortstr();
  const address = Buffer.from(reader.buffer.subarray(from, reader.offset));
  const bits = reader.octet();
  return { exchange, routingKey, address, mandatory: (bits & 1) !== 0, immediate: (bits & 2) !== 0 };
}

/** A publish whose frames have all arrived. */
export interface CompletePublish extends PublishTarget {
  properties: Buffer;
  body: Buffer;
}

/**
 * Puts the frames of a publish together: method, header, bodies, in this order.
 * What it keeps it copies, because frames live only as long as the call that brings them.
 */
export class ContentAssembler {
  private target: PublishTarget | undefined;
  private properties: Buffer | undefined;
  private bodySize = 0;
  private parts: Buffer[] = [];
  private received = 0;

  get inProgress(): boolean {
    return this.target !== undefined;
  }

  /** Throws UNEXPECTED_FRAME when a method arrives in the middle of a content. */
  assertNothingExpected(): void {
    if (this.target === undefined) return;
    throw new AmqpError(
      'UNEXPECTED_FRAME',
      this.properties === undefined
        ? `expected content header for class ${BASIC}, got non content header frame instead`
        : 'expected content body, got non content body frame instead',
    );
  }

  begin(target: PublishTarget): void {
    this.target = target;
  }

  header(buffer: Buffer, start: number, end: number): CompletePublish | undefined {
    if (this.target === undefined) throw unexpectedContent();
    if (this.properties !== undefined)
      throw new AmqpError('UNEXPECTED_FRAME', 'expected content body, got non content body frame instead');
    const reader = new Reader(buffer, start, end);
    if (reader.remaining < HEADER_BYTES) throw new AmqpError('FRAME_ERROR', 'a content header is too short');
    const classId = reader.short();
    if (classId !== BASIC)
      throw new AmqpError(
        'UNEXPECTED_FRAME',
        `expected content header for class ${BASIC}, got one for class ${classId} instead`,
      );
    reader.skip(2);
    const bodySize = reader.longlong();
    // Refused before it is received: only then does its size cost nothing.
    if (bodySize > LARGEST_MESSAGE_BYTES)
      throw new AmqpError(
        'PRECONDITION_FAILED',
        `message size ${bodySize} is larger than max size ${LARGEST_MESSAGE_BYTES}`,
      );
    this.properties = Buffer.from(buffer.subarray(reader.offset, end));
    this.bodySize = bodySize;
    return bodySize === 0 ? this.complete(EMPTY) : undefined;
  }

  body(buffer: Buffer, start: number, end: number): CompletePublish | undefined {
    if (this.target === undefined) throw unexpectedContent();
    if (this.properties === undefined)
      throw new AmqpError(
        'UNEXPECTED_FRAME',
        `expected content header for class ${BASIC}, got non content header frame instead`,
      );
    this.received += end - start;
    if (this.received > this.bodySize)
      throw new AmqpError('FRAME_ERROR', 'a content body is longer than its header says');
    const part = Buffer.from(buffer.subarray(start, end));
    if (this.received < this.bodySize) {
      this.parts.push(part);
      return undefined;
    }
    return this.complete(this.parts.length === 0 ? part : Buffer.concat([...this.parts, part]));
  }

  abandon(): void {
    this.target = undefined;
    this.properties = undefined;
    this.parts = [];
    this.received = 0;
  }

  private complete(body: Buffer): CompletePublish {
    const { target, properties } = this;
    this.abandon();
    if (target === undefined || properties === undefined) throw unexpectedContent();
    const { exchange, routingKey, address, mandatory, immediate } = target;
    return { exchange, routingKey, address, mandatory, immediate, properties, body };
  }
}

function unexpectedContent(): AmqpError {
  return new AmqpError('UNEXPECTED_FRAME', 'expected method frame, got non method frame instead');
}
