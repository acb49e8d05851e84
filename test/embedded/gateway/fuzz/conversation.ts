import { connect } from 'node:net';
import { type Answer, isMessage, readAnswer } from './messages.ts';
import { methodOf, type Stream, waits } from './stream.ts';

/** What a client got on its connection. */
export interface Heard {
  /** The final answers, in their order. */
  answers: Answer[];
  /** What stands behind them and is no answer; empty when nothing does. */
  rest: string;
  /** What is wrong with the rest, where it is not merely cut off. */
  fault: string | undefined;
  /** Nothing came any more, and the connection was still open. */
  hung: boolean;
}

/** Where clients come from. Of 127.0.0.1 the gateway believes, as APISIX does, what it says about the client before it. */
export const CLIENT_ADDRESS = '127.0.0.2';
/** How long the gateway may leave a connection as it is: a busy machine stands still for a while. */
const PATIENCE_MS = 5_000;

/**
 * Writes the pieces, a segment each, and reads until the other side closes, or until all requests that are whole have
 * their answers and it waits for the rest of one that does not come.
 */
export function converse(port: number, pieces: readonly string[], stream: Stream): Promise<Heard> {
  return new Promise((resolve) => {
    let text = '';
    let over = false;
    const from = { localAddress: CLIENT_ADDRESS };
    const socket = connect({ port, host: '127.0.0.1', noDelay: true, ...from }, async () => {
      for (const piece of pieces) {
        if (socket.destroyed) return;
        socket.write(piece, 'latin1');
        await new Promise((next) => setImmediate(next));
      }
      answered();
    });
    const patience = setTimeout(() => finish(true), PATIENCE_MS);
    const finish = (hung: boolean) => {
      if (over) return;
      over = true;
      clearTimeout(patience);
      resolve({ ...heardIn(text, stream, !hung), hung });
      socket.destroy();
    };
    const answered = () => {
      if (waits(stream) && heardIn(text, stream, false).answers.length >= stream.requests.length)
        finish(false);
    };
    socket.setEncoding('latin1').on('data', (segment: string) => {
      text += segment;
      answered();
    });
    // A reset says the same as an end: what came before it counts.
    socket.on('error', () => {});
    socket.on('close', () => finish(false));
  });
}

function heardIn(text: string, stream: Stream, closed: boolean): Omit<Heard, 'hung'> {
  const answers: Answer[] = [];
  for (let at = 0; ; ) {
    if (at === text.length) return { answers, rest: '', fault: undefined };
    const answer = answerAt(text, at, methodOf(stream, answers.length), closed);
    if (!isMessage(answer)) return { answers, rest: text.slice(at), fault: answer.malformed };
    at = answer.end;
    if (answer.status >= 200) answers.push(answer);
  }
}

function answerAt(text: string, at: number, method: string, closed: boolean) {
  const answer = readAnswer(text, at, method, closed);
  if (method !== 'HEAD' || !isMessage(answer) || answer.status < 400 || !answer.closes) return answer;
  // A request whose head is refused is nobody's HEAD: a page comes, and the connection ends with it.
  const page = readAnswer(text, at, 'GET', closed);
  return isMessage(page) && page.end === text.length ? page : answer;
}
