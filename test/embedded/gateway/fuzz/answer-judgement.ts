import type { OddAnswer } from './answers.ts';
import type { Heard } from './conversation.ts';
import { type Answer, isMessage, readAnswer, valuesOf } from './messages.ts';

/** One connection of a client, and what the backend wrote on each of its requests. */
export interface AnsweredConnection {
  methods: readonly string[];
  heard: Heard;
  /** By request; `undefined` where it has not reached the backend. */
  written: readonly (OddAnswer | undefined)[];
}

/** The final answer in what a backend writes and then closes; `undefined` where the strict grammar sees none. */
export function finalAnswer(text: string, method: string): Answer | undefined {
  for (let at = 0; ; ) {
    const answer = readAnswer(text, at, method, true);
    if (!isMessage(answer)) return undefined;
    if (answer.status >= 200) return answer;
    at = answer.end;
  }
}

/**
 * What is wrong: the client must see each answer whole and rightly framed, or an error of the gateway's, or a connection
 * that is cut, and never a byte of another answer.
 */
export function answerFault({ methods, heard, written }: AnsweredConnection): string | undefined {
  if (heard.hung) return 'the gateway neither answers nor closes';
  if (heard.fault !== undefined) return `the client got what is no answer: ${heard.fault}`;
  if (heard.answers.length > methods.length) return 'more answers than requests';
  for (const [nth, answer] of heard.answers.entries()) {
    const fault = wholeFault(answer, written[nth], methods[nth] ?? 'GET');
    if (fault !== undefined) return `answer ${nth + 1}: ${fault}`;
  }
  const next = heard.answers.length;
  if (next === methods.length || heard.answers.at(-1)?.closes === true) return undefined;
  if (written[next]?.untouched === true) return `answer ${next + 1}: a right answer was cut off`;
  return cutFault(heard.rest, written[next]);
}

function wholeFault(answer: Answer, source: OddAnswer | undefined, method: string): string | undefined {
  if (isOwn(answer)) return source?.untouched === true ? `a right answer became ${answer.status}` : undefined;
  if (source === undefined) return 'it is that to another request';
  const right = finalAnswer(source.text, method);
  if (right === undefined) return 'what is no answer was passed on as a whole one';
  if (answer.status !== right.status) return `its status is ${answer.status}, not ${right.status}`;
  return answer.body === right.body ? undefined : 'it has another body';
}

/** A page that the gateway made. */
const isOwn = ({ status, fields }: Answer): boolean =>
  status >= 500 && valuesOf(fields, 'x-token').length === 0;

/** All that came of an answer that was cut off must be its own. */
function cutFault(rest: string, source: OddAnswer | undefined): string | undefined {
  const end = rest.indexOf('\r\n\r\n');
  if (end === -1) return undefined;
  const raw = source?.text ?? '';
  const body = rest.slice(end + 4);
  const isChunked = /\r\ntransfer-encoding: chunked\r\n/i.test(rest.slice(0, end + 2));
  const foreign = (isChunked ? chunksIn(body) : [body]).find((each) => !raw.includes(each));
  return foreign === undefined
    ? undefined
    : `the answer that was cut off has bytes of another: ${JSON.stringify(foreign)}`;
}

/** The data of chunks, the last of which may be cut off. */
function chunksIn(text: string): string[] {
  const chunks: string[] = [];
  for (let at = 0; at < text.length; ) {
    const line = text.indexOf('\r\n', at);
    if (line === -1) break;
    const size = Number.parseInt(text.slice(at, line), 16);
    chunks.push(text.slice(line + 2, line + 2 + size));
    at = line + 2 + size + 2;
  }
  return chunks;
}
