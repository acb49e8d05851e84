import { startTestGateway, type TestGateway } from '../support/gateway.ts';
import { answerFault, finalAnswer } from './answer-judgement.ts';
import { nextAnswer, type OddAnswer } from './answers.ts';
import { converse, type Heard } from './conversation.ts';
import { faultOf, type Setting } from './judgement.ts';
import { type Random, randomFrom } from './random.ts';
import { KEY, nextCase } from './requests.ts';
import { readStream, type Stream } from './stream.ts';
import { type Reply, type Seen, type StrictServer, startStrictServer } from './strict-server.ts';
import { inPieces } from './wire.ts';

/** A gateway with guarded and open routes before a strict server. */
export interface FuzzBench {
  gateway: TestGateway;
  server: StrictServer;
  setting: Setting;
  /** What the server writes on a request. */
  reply: (seen: Seen) => Reply;
  close(): Promise<void>;
}

/** A case that went wrong, with all that is needed to see why. */
export interface Failure {
  seed: number;
  fault: string;
  sent: readonly string[];
  stream: Stream;
  heard: Heard;
  seen: readonly Seen[];
  /** What the server wrote, where that is not always the same. */
  written: readonly string[];
}

/** What became of the cases. */
export interface Outcome {
  failures: Failure[];
  sent: number;
  /** Requests that reached the server. */
  served: number;
  /** Answers that were not those of the server. */
  refused: number;
}

const SIGNING_KEY = 'a-key-to-sign-with-in-tests';
const GUARDED_HOST = 'admin.example';
const CONSUMER = 'alice';
const [OPEN, GUARDED, REWRITING] = [1, 2, 3];

export async function startFuzzBench(): Promise<FuzzBench> {
  const gateway = await startTestGateway();
  const server = await startStrictServer((seen) => bench.reply(seen));
  const put = async (path: string, value: object) => {
    const answer = await gateway.admin('PUT', path, value);
    if (answer.status >= 300) throw new Error(`${path}: ${answer.body}`);
  };
  await put('/consumers', { username: CONSUMER });
  await put(`/consumers/${CONSUMER}/credentials/key`, { plugins: { 'key-auth': { key: KEY } } });
  const upstream = { type: 'roundrobin', nodes: { [`127.0.0.1:${server.port}`]: 1 } };
  const plugins = (route: number) => ({
    'request-id': {},
    'quantum-enhancer': { frequency: route },
    'vigoleonrocks-signature': { key: SIGNING_KEY },
  });
  const rewrite = { regex_uri: ['^/rewritten/(.*)$', '/open/$1'], headers: { set: { 'X-Role': 'guest' } } };
  const guarded = { plugins: { ...plugins(GUARDED), 'key-auth': {} }, upstream };
  await put('/routes/open', { uri: '/*', plugins: plugins(OPEN), upstream });
  await put('/routes/rewritten', {
    uri: '/rewritten/*',
    plugins: { ...plugins(REWRITING), 'proxy-rewrite': rewrite },
    upstream,
  });
  await put('/routes/guarded', { uris: ['/admin', '/admin/*'], ...guarded });
  await put('/routes/guarded-host', {
    uris: ['/*', '/rewritten/*'],
    hosts: [GUARDED_HOST],
    priority: 1,
    ...guarded,
  });
  const bench: FuzzBench = {
    gateway,
    server,
    setting: {
      port: gateway.port,
      signingKey: SIGNING_KEY,
      consumer: CONSUMER,
      guardedHost: GUARDED_HOST,
      guardedRoute: String(GUARDED),
      rewritingRoute: String(REWRITING),
    },
    reply: numbered,
    async close() {
      await gateway.close();
      await server.close();
    },
  };
  return bench;
}

/** Tells which request it was that came. */
export function numbered({ serial, method }: Seen): Reply {
  const body = `seen ${serial}`;
  const head = `HTTP/1.1 200 OK\r\nX-Serial: ${serial}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return { pieces: [method === 'HEAD' ? head : head + body], closes: false };
}

/** What is tried: so many requests, in cases that follow from seeds one after the other, from this one on. */
export interface Extent {
  requests: number;
  seed: number;
}

/** Sends cases of odd requests. */
export async function fuzzRequests(bench: FuzzBench, { requests, seed }: Extent): Promise<Outcome> {
  const { gateway, server, setting } = bench;
  bench.reply = numbered;
  const outcome: Outcome = { failures: [], sent: 0, served: 0, refused: 0 };
  for (let each = seed; outcome.sent < requests; each++) {
    const sent = nextCase(randomFrom(each));
    const stream = readStream(sent.pieces.join(''));
    server.clear();
    const heard = await converse(gateway.port, sent.pieces, stream);
    const seen = [...server.seen];
    const fault = faultOf({ sent, stream, heard, seen, faults: [...server.faults] }, setting);
    count(outcome, sent.requests, heard, seen);
    if (fault !== undefined)
      outcome.failures.push({ seed: each, fault, sent: sent.pieces, stream, heard, seen, written: [] });
  }
  return outcome;
}

/** Sends plain requests to a server that gives odd answers. */
export async function fuzzAnswers(bench: FuzzBench, { requests, seed }: Extent): Promise<Outcome> {
  const { gateway, server } = bench;
  const outcome: Outcome = { failures: [], sent: 0, served: 0, refused: 0 };
  for (let each = seed; outcome.sent < requests; each++) {
    const random = randomFrom(each);
    const methods = Array.from({ length: 2 + random.below(3) }, () => random.pick(['GET', 'GET', 'HEAD']));
    const answers = methods.map((method, nth) => nextAnswer(random, `token-${each}-${nth}`, method));
    const replies = answers.map((answer, nth) => replyOf(random, answer, methods[nth] ?? 'GET'));
    const reached = new Set<number>();
    bench.reply = ({ target }) => {
      const nth = Number(target.slice(target.lastIndexOf('/') + 1));
      reached.add(nth);
      return replies[nth] ?? { pieces: [], closes: true };
    };
    const text = methods.map((method, nth) => plainRequest(method, nth, nth === methods.length - 1)).join('');
    const stream = readStream(text);
    server.clear();
    const heard = await converse(gateway.port, [text], stream);
    const written = answers.map((answer, nth) => (reached.has(nth) ? answer : undefined));
    const fault = answerFault({ methods, heard, written });
    count(outcome, methods.length, heard, server.seen);
    if (fault !== undefined)
      outcome.failures.push({
        ...{ seed: each, fault, sent: [text], stream, heard, seen: [] },
        written: replies.flatMap(({ pieces, closes }) => (closes ? [...pieces, 'and closes'] : pieces)),
      });
  }
  return outcome;
}

const plainRequest = (method: string, nth: number, isLast: boolean): string =>
  `${method} /open/${nth} HTTP/1.1\r\nHost: gateway.test\r\n${isLast ? 'Connection: close\r\n' : ''}\r\n`;

/**
 * How the server writes an answer. Bytes behind a whole one stand in the same segment as its end: what comes later is
 * the answer to a request that was sent meanwhile, and nobody can tell it from one. Whoever waits for the rest of what
 * is no whole answer waits for nothing: the server closes behind it.
 */
function replyOf(random: Random, { text, closes }: OddAnswer, method: string): Reply {
  const whole = finalAnswer(text, method);
  if (whole === undefined || whole.untilClose) return { pieces: inPieces(random, text), closes: true };
  const pieces = inPieces(random, text.slice(0, whole.end));
  const last = pieces.pop() ?? '';
  return { pieces: [...pieces, last + text.slice(whole.end)], closes };
}

function count(outcome: Outcome, sent: number, { answers }: Heard, seen: readonly Seen[]): void {
  outcome.sent += sent;
  outcome.served += seen.length;
  outcome.refused += answers.filter(
    ({ fields }) => !fields.some(([name]) => /^x-(serial|token)$/i.test(name)),
  ).length;
}

/** Failures as a person reads them: the first ones, and how many there are of each kind. */
export function shown(failures: readonly Failure[]): string {
  if (failures.length === 0) return '';
  const kinds = new Map<string, number>();
  for (const { fault } of failures) kinds.set(fault, (kinds.get(fault) ?? 0) + 1);
  const counts = [...kinds].map(([fault, times]) => `${times} × ${fault}`);
  return [...counts, ...failures.slice(0, 3).map(one)].join('\n');
}

const MOST_SHOWN = 900;

function one({ seed, fault, sent, stream, heard, seen, written }: Failure): string {
  const cut = (text: string) =>
    JSON.stringify(text.length > MOST_SHOWN ? `${text.slice(0, MOST_SHOWN)}…` : text);
  const requests = stream.requests.map(({ method, target }) => `${method} ${target}`).join(', ');
  return [
    '',
    `seed ${seed}: ${fault}`,
    ...sent.map((piece) => `  sent    ${cut(piece)}`),
    `  which is ${requests}, then ${JSON.stringify(stream.ending)}`,
    ...seen.map(
      ({ method, target, fields, body }) =>
        `  seen    ${method} ${target} ${cut(fields.map((field) => field.join(': ')).join('; '))} ${cut(body)}`,
    ),
    ...written.map((piece) => `  written ${cut(piece)}`),
    ...heard.answers.map(({ status, body }) => `  heard   ${status} ${cut(body)}`),
    ...(heard.rest === '' ? [] : [`  and     ${cut(heard.rest)}`]),
  ].join('\n');
}
