import { createParser, type EventSourceMessage } from 'eventsource-parser';
import { failure } from '../engine.ts';

/** An event of a stream, or a line that is none although a server has sent it: `error: {…}`, or bare JSON. */
export interface StreamEvent {
  data: string;
  /** The server itself calls it an error. */
  isError: boolean;
  /** The stream ended before the event did. */
  isCut: boolean;
}

const LARGEST_EVENT = 4 * 1024 * 1024;

/**
 * The events of a body (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream):
 * comments and unknown fields are left out as the standard says. Three things that it would leave out, too, are kept,
 * because servers say there what went wrong: the field `error`, lines of bare JSON, and an event without its last line.
 *
 * @param heard called for whatever comes, comments too: with those servers say that they still work on the answer
 */
export async function* serverSentEvents(
  body: ReadableStream<Uint8Array>,
  heard: () => void = () => {},
): AsyncGenerator<StreamEvent, void> {
  const found: StreamEvent[] = [];
  let isCut = false;
  const parser = createParser({
    maxBufferSize: LARGEST_EVENT,
    onEvent: ({ event, data }: EventSourceMessage) => found.push({ data, isError: event === 'error', isCut }),
    onError(error) {
      if (error.type === 'max-buffer-size-exceeded')
        throw failure(502, 'The engine sent a chunk that is too large.', 'bad_engine_answer', {
          fault: 'answer',
          cause: error,
        });
      if (error.field === 'error') found.push({ data: error.value ?? '', isError: true, isCut });
      else if (error.line !== undefined && /^\s*[[{]/.test(error.line))
        found.push({ data: error.line, isError: false, isCut });
    },
  });
  for await (const text of body.pipeThrough(new TextDecoderStream())) {
    heard();
    parser.feed(text);
    yield* found.splice(0);
  }
  isCut = true;
  parser.feed('\n\n');
  yield* found.splice(0);
}
