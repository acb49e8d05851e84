import { printSnippet } from '../codec/erlang.ts';
import { FRAME } from '../codec/frames.ts';
import { type Dialect, type Method, type MethodName, readMethod } from '../codec/methods.ts';
import type { Reader } from '../codec/reader.ts';
import { AmqpError } from '../errors.ts';

/** A method of which the name is known, with its arguments; what cannot be read is the fault of the frame. */
export function decodeMethod(
  name: MethodName,
  reader: Reader,
  dialect: Dialect,
  { buffer, start, end }: { buffer: Buffer; start: number; end: number },
): Method {
  reader.reset(buffer, start, end);
  try {
    return readMethod(name, reader, dialect);
  } catch (thrown) {
    if (!(thrown instanceof AmqpError) || thrown.reply !== 'SYNTAX_ERROR') throw thrown;
    throw new AmqpError('FRAME_ERROR', `cannot decode <<${[...buffer.subarray(start, end)].join(',')}>>`);
  }
}

/** Whether it is a part of a message. */
export function isContent(type: number): boolean {
  return type === FRAME.header || type === FRAME.body;
}

/** A frame that has no place where it comes. */
export function unexpectedFrame(type: number, buffer: Buffer, start: number, end: number): AmqpError {
  return new AmqpError('UNEXPECTED_FRAME', `type ${type}, ${printSnippet(buffer.subarray(start, end))}`);
}

/** The same for one that is no method; it may be of a type that nobody knows. */
export function strayFrame(type: number, buffer: Buffer, start: number, end: number): AmqpError {
  if (isContent(type) || type === FRAME.heartbeat) return unexpectedFrame(type, buffer, start, end);
  const snippet = printSnippet(buffer.subarray(start, end));
  return new AmqpError('FRAME_ERROR', `type ${type}, ${snippet}: unknown_frame`);
}
