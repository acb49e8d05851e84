import type { Field } from './messages.ts';
import type { Random } from './random.ts';
import { CODINGS, chunked, inPieces, LENGTHS, oddChunks, scrambled } from './wire.ts';

/** Bytes for one connection of a client, in text of one character a byte. */
export interface Case {
  /** Each is written by itself. */
  pieces: string[];
  /** So many requests, right and wrong ones. */
  requests: number;
  /** So many at its beginning are as they should be: they must be served. */
  untouched: number;
}

/** A key that key-auth lets through. */
export const KEY = 'the-key';

interface Draft {
  method: string;
  target: string;
  version: string;
  fields: Field[];
  /** As it stands on the wire, with its chunks. */
  body: string;
}

/** What nobody must ever see as a request. */
const SMUGGLED = 'GET /admin/smuggled HTTP/1.1\r\nHost: x\r\n\r\n';

const words = (...lines: string[]): string[] => lines.flatMap((line) => line.split(' '));

const PATHS = words('/open /admin /admin/a /open/b/c /rewritten/a');
const METHODS = words('GET HEAD POST PUT DELETE PATCH OPTIONS TRACE PROPFIND');
/** What the gateway sets, and what the guarded routes ask for. */
const VOUCHED = words(
  'X-Real-IP X-Forwarded-For X-Forwarded-Proto X-Forwarded-Host X-Forwarded-Port X-Request-Id X-Role apikey',
  'X-Consumer-Username X-Credential-Identifier X-Consumer-Custom-ID X-Quantum-Frequency X-QBTC-Enhanced',
  'X-VIGOLEONROCKS-Signature X-VIGOLEONROCKS-Timestamp X-VIGOLEONROCKS-Nonce X-VIGOLEONROCKS-Expires',
);
const FRAMING = words('Host Content-Length Transfer-Encoding Expect Connection Upgrade TE Trailer');
const TARGETS = words(
  '/admin /admin/ /admin/x /open/../admin /open/../admin/x /open/%2e%2e/admin /%61dmin /open/.%2E/admin/x',
  '/%2fadmin //admin //admin/x /.//admin /./admin/x /open/..%2fadmin/x /open/%2e%2e%2fadmin /admin#/../open',
  '/admin/x#/../../open /open#/../admin /admin?/../../open /open/..;/admin /admin%00 /admin/%00x /% /%4',
  '/%zz/admin /../admin /.. /%2e%2e/admin /open\\..\\admin /%5cadmin /ADMIN /admin%2f /admin%2e /%ff%fe',
  '/\xff\xfe/admin /a%25%32%65 /open/%252e%252e/admin /open/a/../../admin/./x /admin/../open /admin/..',
  '/admin/x/../../admin/y /rewritten/%3fa /rewritten/%252e%252e/admin /rewritten/..%2fadmin /rewritten/%23',
  '/rewritten/a%20b%0d%0a /rewritten/\xff%c4 /rewritten/..%252fadmin http://gateway.test/admin',
  'http://gateway.test http://other.test/open HTTP://gateway.test/open/../admin http://admin.example/open',
  'http://u:p@gateway.test/open https://gateway.test/open?a http://gateway.test?a http://gateway.test#/admin',
  'http://gateway.test/admin#/../open http:///admin ftp://gateway.test/open * gateway.test:80 admin ?admin',
  '/open?a=/../admin /open# @admin /open/\x01 /open/\x7f',
);
const BEHIND_TARGETS = ['', '', '?', '#', '/', '%2e', '/..', '/../admin', '?a=%00', '?apikey=the-key'];
const GUARDED_HOSTS = words('admin.example admin.example. ADMIN.Example:9080 admin.example.:80');
const HOSTS = [
  ...words(
    'gateway.test:80 GATEWAY.TEST gateway.test. [::1] [::1',
    'gateway.test:x gateway.test: u@gateway.test a,admin.example a/b a..b x\x00y \xff admin.example:99999',
    'admin.example# a?b 127.0.0.1',
  ),
  ...['', ' ', 'a b', 'admin.example, x'],
];
const EXPECTATIONS = ['100-continue', '100-Continue', '100-continue, x', '100-continue,', 'x', '', '200-ok'];
const VERSIONS = [
  ...words(
    'HTTP/1.0 HTTP/1.2 HTTP/1.9 HTTP/0.9 HTTP/2.0 HTTP/1.10 HTTP/01.1 http/1.1 HTTP/1 HTTP/1,1 HTTP/11',
  ),
  ...['HTTP/1.1 ', ' HTTP/1.1', 'HTTP/1.1\x00', 'ICE/1.0', 'RTSP/1.0', 'HTTP/1.1 HTTP/1.1', ''],
];
const ODD_METHODS = [
  ...words('get G PRI CONNECT G(T GET: G\xcaT GET\x00'),
  ...['GE T', 'GET\t', '', ' GET', 'X'.repeat(80)],
];
const OPTIONS = [
  'close',
  'keep-alive',
  'upgrade',
  'TE',
  'Keep-Alive',
  'x-end',
  '',
  '"',
  'close\x00',
  'clo se',
];
const VALUES = [
  '6.6.6.6',
  'root',
  '',
  'a, b',
  '\xe4\xf6',
  'x\ty',
  'a\x01b',
  'a\x00b',
  'x'.repeat(500),
  'chunked',
  '5',
];
const SPELLINGS: ((name: string) => string)[] = [
  (name) => name.toLowerCase(),
  (name) => name.replaceAll('-', '_'),
  (name) => name.toUpperCase().replace('-', '_'),
  (name) => name.replaceAll('-', '.'),
  (name) => `${name} `,
  (name) => ` ${name}`,
  (name) => `${name}\x00`,
  (name) => `${name}\xa0`,
  (name) => name.replace('-', '\r'),
  (name) => `x\n${name}`,
];

/** A request as it should be. */
function base(random: Random): Draft {
  const path = random.pick(PATHS);
  const method = random.pick(METHODS);
  const draft: Draft = {
    method,
    target: random.oneIn(3) ? `${path}?a=b&c=%20` : path,
    version: 'HTTP/1.1',
    fields: [['Host', 'gateway.test']],
    body: '',
  };
  if (!random.oneIn(3)) draft.fields.push(['apikey', random.oneIn(4) ? 'no-key' : KEY]);
  if (random.oneIn(3)) draft.fields.push(['X-End', 'kept']);
  const hasBody = method === 'GET' || method === 'HEAD' ? random.oneIn(3) : !random.oneIn(4);
  if (!hasBody) return draft;
  if (random.oneIn(2)) {
    draft.body = content(random);
    draft.fields.push(['Content-Length', String(draft.body.length)]);
  } else {
    draft.body = chunked(
      random,
      Array.from({ length: random.below(3) }, () => content(random)),
    );
    draft.fields.push(['Transfer-Encoding', 'chunked']);
  }
  return draft;
}

/** Bodies look like requests, or hold what ends one. */
const content = (random: Random): string =>
  random.pick(['', 'hello', SMUGGLED, '0\r\n\r\n', '\r\n\r\n', `\x00\xff${SMUGGLED}`, 'x'.repeat(300)]);

/** Puts a field somewhere among the others. */
function put({ fields }: Draft, random: Random, name: string, value: string): void {
  fields.splice(random.below(fields.length + 1), 0, [name, value]);
}

function drop(draft: Draft, ...names: string[]): void {
  draft.fields = draft.fields.filter(([name]) => !names.includes(name.toLowerCase()));
}

/** What can be wrong with a request, one thing each. */
const CHANGES: readonly ((draft: Draft, random: Random) => void)[] = [
  (draft, random) => put(draft, random, 'Content-Length', random.pick(LENGTHS)),
  (draft, random) => {
    drop(draft, 'content-length');
    put(draft, random, 'Content-Length', random.pick(LENGTHS));
  },
  (draft, random) => put(draft, random, 'Transfer-Encoding', random.pick(CODINGS)),
  (draft, random) => {
    drop(draft, 'transfer-encoding', 'content-length');
    put(draft, random, 'Transfer-Encoding', random.pick(CODINGS));
    draft.body = oddChunks(random, content(random));
  },
  (draft, random) => {
    drop(draft, 'transfer-encoding', 'content-length');
    draft.fields.push(['Transfer-Encoding', 'chunked']);
    draft.body = oddChunks(random, content(random));
  },
  (draft) => drop(draft, 'content-length', 'transfer-encoding'),
  (draft, random) => {
    const name = random.pick(random.oneIn(3) ? FRAMING : VOUCHED);
    put(draft, random, random.pick(SPELLINGS)(name), random.pick(VALUES));
  },
  (draft, random) => put(draft, random, random.pick(VOUCHED), random.pick(VALUES)),
  (draft, random) => put(draft, random, random.pick(VOUCHED).replaceAll('-', '_'), random.pick(VALUES)),
  (draft, random) => {
    const named = Array.from({ length: 1 + random.below(4) }, () =>
      random.pick([VOUCHED, VOUCHED, FRAMING, OPTIONS]),
    );
    const separator = random.pick([', ', ',', ' ,\t', ',,']);
    put(draft, random, 'Connection', named.map((names) => random.pick(names)).join(separator));
  },
  (draft, random) => {
    draft.target = random.pick(TARGETS) + random.pick(BEHIND_TARGETS);
  },
  (draft, random) => {
    draft.target = random.pick(TARGETS) + random.pick(BEHIND_TARGETS);
    drop(draft, 'apikey');
  },
  (draft, random) => {
    draft.method = random.pick(ODD_METHODS);
  },
  (draft, random) => {
    draft.version = random.pick(VERSIONS);
  },
  (draft, random) => put(draft, random, 'Expect', random.pick(EXPECTATIONS)),
  (draft, random) => {
    drop(draft, 'host');
    if (!random.oneIn(4)) put(draft, random, 'Host', random.pick(HOSTS));
  },
  (draft, random) => put(draft, random, 'Host', random.pick(random.oneIn(2) ? HOSTS : GUARDED_HOSTS)),
  (draft, random) => {
    drop(draft, 'host', 'apikey');
    put(draft, random, 'Host', random.pick(GUARDED_HOSTS));
  },
  (draft, random) => {
    put(draft, random, 'Upgrade', random.pick(['h2c', 'websocket', 'websocket, h2c', 'x']));
    put(draft, random, 'Connection', random.pick(['Upgrade', 'upgrade, close', 'keep-alive, Upgrade', 'x']));
  },
  (draft, random) => {
    const count = random.pick([3, 30, 990, 1_001]);
    draft.fields.push(...Array.from({ length: count }, (_, nth): Field => [`a${nth}`, '']));
    if (random.oneIn(2)) draft.fields.push(['Content-Length', '3']);
  },
];

/** The last request of each connection: whoever reads what is before it in another way than the others misses it. */
const LAST = 'GET /open/last HTTP/1.1\r\nHost: gateway.test\r\nConnection: close\r\n\r\n';

/** What one client sends: up to three requests, half of them with something wrong, and `LAST` behind them. */
export function nextCase(random: Random): Case {
  const texts: string[] = [];
  let untouched = 0;
  for (let left = 1 + random.below(3); left > 0; left--) {
    const draft = base(random);
    if (random.oneIn(2)) {
      if (untouched === texts.length) untouched++;
      texts.push(written(draft));
      continue;
    }
    const isScrambled = random.oneIn(5);
    if (!isScrambled || random.oneIn(2)) random.pick(CHANGES)(draft, random);
    if (random.oneIn(4)) random.pick(CHANGES)(draft, random);
    texts.push(isScrambled ? scrambled(random, written(draft)) : written(draft));
  }
  return { pieces: inPieces(random, texts.join('') + LAST), requests: texts.length + 1, untouched };
}

const written = ({ method, target, version, fields, body }: Draft): string =>
  `${method} ${target} ${version}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n${body}`;
