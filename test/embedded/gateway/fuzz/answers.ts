import type { Field } from './messages.ts';
import type { Random } from './random.ts';
import { CODINGS, chunked, LENGTHS, oddChunks, scrambled } from './wire.ts';

/** What a backend writes on one request. */
export interface OddAnswer {
  text: string;
  /** It closes the connection behind it. */
  closes: boolean;
  /** Nothing is wrong with it: the client must get it whole. */
  untouched: boolean;
}

interface Draft {
  version: string;
  status: string;
  phrase: string;
  fields: Field[];
  /** As it stands on the wire, with its chunks. */
  body: string;
}

const STATUSES = ['200', '200', '200', '201', '404', '500', '503', '204', '304'];
const ODD_STATUSES = [
  '099',
  '100',
  '101',
  '103',
  '199',
  '600',
  '999',
  '1000',
  '20',
  '2x0',
  '',
  '200 200',
  '+20',
];
const ODD_VERSIONS = [
  'HTTP/1.0',
  'HTTP/1.2',
  'HTTP/0.9',
  'HTTP/2.0',
  'http/1.1',
  'HTTP/1',
  'ICY',
  'HTTP/1.1 ',
  '',
];
const PHRASES = ['OK', '', 'Nicht m\xf6glich', 'a\x00b', 'a\rb', ' OK ', 'x'.repeat(300)];
const CONNECTIONS = [
  'close',
  'keep-alive',
  'Content-Length',
  'X-Token',
  'Transfer-Encoding, close',
  'upgrade',
];
const FIELDS: readonly Field[] = [
  ['Upgrade', 'websocket'],
  ['Trailer', 'X'],
  ['Content_Length', '3'],
  ['Content-Length ', '3'],
  [' Content-Length', '3'],
  ['Content-Length\x00', '3'],
  ['Transfer-Encoding\x0b', 'chunked'],
  ['X', 'a\x01b'],
  ['X', 'a\r\n b'],
  ['X', '\xff\xfe'],
  ['', 'x'],
  ['Set-Cookie', 'a=b'],
  ['Server', 'other'],
];
const INTERIM = [
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 102 Processing\r\nX: y\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n',
];

/** What must never become the answer to anybody. */
const POISON = 'HTTP/1.1 200 OK\r\nX-Token: poison\r\nContent-Length: 6\r\n\r\npoison';

/** An answer as it should be, to a request of that method; its body and a field have the token in it. */
function base(random: Random, token: string, method: string): { draft: Draft; closes: boolean } {
  const draft: Draft = {
    version: 'HTTP/1.1',
    status: random.pick(STATUSES),
    phrase: 'OK',
    fields: [['X-Token', token]],
    body: '',
  };
  const hasNone = method === 'HEAD' || draft.status === '204' || draft.status === '304';
  const content = token + random.pick(['', POISON, '0\r\n\r\n', '\r\n\r\n', 'x'.repeat(300)]);
  const framing = random.below(hasNone ? 2 : 5);
  if (framing === 0) {
    draft.fields.push(['Content-Length', String(content.length)]);
    if (!hasNone) draft.body = content;
  } else if (framing <= 2 && !hasNone) {
    draft.fields.push(['Content-Length', String(content.length)]);
    draft.body = content;
  } else if (framing === 3) {
    draft.fields.push(['Transfer-Encoding', 'chunked']);
    draft.body = chunked(random, [content, random.pick(['', 'more'])]);
  } else if (!hasNone) {
    draft.body = content;
    return { draft, closes: true };
  }
  return { draft, closes: random.oneIn(6) };
}

function put({ fields }: Draft, random: Random, name: string, value: string): void {
  fields.splice(random.below(fields.length + 1), 0, [name, value]);
}

function drop(draft: Draft, ...names: string[]): void {
  draft.fields = draft.fields.filter(([name]) => !names.includes(name.toLowerCase()));
}

/** What can be wrong with an answer, one thing each. */
const CHANGES: readonly ((draft: Draft, random: Random, token: string) => void)[] = [
  (draft, random) => put(draft, random, 'Content-Length', random.pick(LENGTHS)),
  (draft, random) => {
    drop(draft, 'content-length');
    put(draft, random, 'Content-Length', random.pick(LENGTHS));
  },
  (draft, random) => put(draft, random, 'Transfer-Encoding', random.pick(CODINGS)),
  (draft, random, token) => {
    drop(draft, 'transfer-encoding', 'content-length');
    put(draft, random, 'Transfer-Encoding', random.pick(CODINGS));
    draft.body = oddChunks(random, token);
  },
  (draft, random, token) => {
    drop(draft, 'transfer-encoding', 'content-length');
    draft.fields.push(['Transfer-Encoding', 'chunked']);
    draft.body = oddChunks(random, token);
  },
  (draft) => drop(draft, 'content-length', 'transfer-encoding'),
  (draft, random) => {
    draft.status = random.pick(ODD_STATUSES);
  },
  (draft, random) => {
    draft.version = random.pick(ODD_VERSIONS);
  },
  (draft, random) => {
    draft.phrase = random.pick(PHRASES);
  },
  (draft, random) => put(draft, random, ...random.pick(FIELDS)),
  (draft, random) => put(draft, random, 'Connection', random.pick(CONNECTIONS)),
  (draft) => {
    draft.body = draft.body.slice(0, -3);
  },
  (draft) => {
    draft.body += POISON;
  },
  (draft) => {
    draft.body += '\r\n';
  },
];

/** The next answer, half of the time with something wrong. */
export function nextAnswer(random: Random, token: string, method: string): OddAnswer {
  const { draft, closes } = base(random, token, method);
  const untouched = random.oneIn(2);
  const isScrambled = !untouched && random.oneIn(5);
  if (!untouched && (!isScrambled || random.oneIn(2))) random.pick(CHANGES)(draft, random, token);
  if (!untouched && random.oneIn(4)) random.pick(CHANGES)(draft, random, token);
  const interim = random.oneIn(5) ? random.pick(INTERIM) : '';
  const text = interim + written(draft);
  return { text: isScrambled ? scrambled(random, text) : text, closes, untouched };
}

const written = ({ version, status, phrase, fields, body }: Draft): string =>
  `${version} ${status} ${phrase}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
