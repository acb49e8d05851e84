import type { Random } from './random.ts';

/** Values of Content-Length, most of them none. */
export const LENGTHS = [
  '0|5|05|+5|-5|-0|5 5|5, 5|5,6|5,|0x5|5.0|5e0|| 5|1_0|99999|"5"|5;5',
  '5\x0b|5\x00|\xb5|18446744073709551621|9007199254740993',
].flatMap((each) => each.split('|'));

/** Values of Transfer-Encoding, most of them none. */
export const CODINGS = [
  'chunked|Chunked|CHUNKED| chunked|chunked |\tchunked|chunked,|,chunked|chunked, chunked|chunked, identity',
  'identity|identity, chunked|gzip|gzip, chunked|xchunked|chunked;q=1|"chunked"|cow||\x0bchunked|chunked\x0c',
  '\xa0chunked|chunked\x00|chunked\r\n , x|\r\n chunked|x\nTransfer-Encoding: chunked',
].flatMap((each) => each.split('|'));

const END = '0\r\n\r\n';

/** Bodies in chunks, most of them none, around some content. */
export function oddChunks(random: Random, content: string): string {
  const size = content.length.toString(16);
  return random.pick([
    `${size}\r\n${content}\r\n${END}`,
    `${size};\r\n${content}\r\n${END}`,
    `${size};a="\r\n${content}\r\n${END}`,
    `${size};\xff\r\n${content}\r\n${END}`,
    `${size};\x00\r\n${content}\r\n${END}`,
    `${size};\n${content}\r\n${END}`,
    `${size};a\r${content}\r\n${END}`,
    `${size} \r\n${content}\r\n${END}`,
    ` ${size}\r\n${content}\r\n${END}`,
    `0x${size}\r\n${content}\r\n${END}`,
    `+${size}\r\n${content}\r\n${END}`,
    `-${size}\r\n${content}\r\n${END}`,
    `00${size}\r\n${content}\r\n00${END}`,
    `\r\n${content}\r\n${END}`,
    `${size}\n${content}\r\n${END}`,
    `${size}\r${content}\r\n${END}`,
    `${size}\r\r\n${content}\r\n${END}`,
    `${size}\r\n${content}\n${END}`,
    `${size}\r\n${content}${END}`,
    `${size}\r\n${content}x\r\n${END}`,
    `${size}\r\n${content}XX${END}`,
    `${size}\r\n${content.slice(1)}\r\n${END}`,
    `${size}\r\n${content}\r\n0\n\r\n`,
    `${size}\r\n${content}\r\n0\r\n\n`,
    `${size}\r\n${content}\r\n0\r\n`,
    `${size}\r\n${content}\r\n`,
    `1000000000000000${size}\r\n${content}\r\n${END}`,
    `ffffffffffffffff\r\n${content}`,
    '0\r\nContent-Length: 50\r\n\r\n',
    '0\r\nTransfer-Encoding: chunked\r\n\r\n',
    '0\r\nHost: evil\r\nX-Consumer-Username: root\r\n\r\n',
    '0\r\nX : y\r\n\r\n',
    '0\r\nX: y\n\r\n',
    '0\r\nX: y\r\n z\r\n\r\n',
    `0\r\n${content}`,
    `${END}GARBAGE`,
    '',
  ]);
}

/** A body in up to two chunks, as it should be. */
export function chunked(random: Random, contents: readonly string[]): string {
  const extension = random.oneIn(4) ? ';a=b' : '';
  const chunks = contents.filter((each) => each !== '');
  const lines = chunks.map((each) => `${each.length.toString(16)}${extension}\r\n${each}\r\n`);
  return lines.join('') + (random.oneIn(4) ? '0\r\nX-Trailer: t\r\nX-Real-IP: 6.6.6.6\r\n\r\n' : END);
}

const SPECIAL = [
  '\r',
  '\n',
  '\r\n',
  '\x00',
  ' ',
  '\t',
  ':',
  ',',
  '\xff',
  '\x0b',
  '#',
  '%',
  '0',
  '\r\n ',
  '\r\n\r\n',
];
const LINE_ENDS = ['\n', '\r', '\r\r\n', '\n\r', '\r\n\t', '', '\r\n\r\n'];

/** Changes bytes of a message, whatever they mean. */
export function scrambled(random: Random, text: string): string {
  const at = random.below(text.length + 1);
  switch (random.below(7)) {
    case 0:
      return spliced(text, at, 0, random.pick(SPECIAL));
    case 1:
      return spliced(text, at, 1, '');
    case 2:
      return spliced(text, at, 1, String.fromCharCode(random.below(256)));
    case 3: {
      const lines = [...text.matchAll(/\r\n/g)];
      return lines.length === 0 ? text : spliced(text, random.pick(lines).index, 2, random.pick(LINE_ENDS));
    }
    case 4:
      return spliced(text, at, 0, text.slice(at, at + random.below(40)));
    case 5:
      return text.slice(0, at);
    default:
      return random.pick(['\r\n', '\r\n\r\n', '\n', ' ', '\x00', '\r']) + text;
  }
}

const spliced = (text: string, at: number, removed: number, added: string) =>
  text.slice(0, at) + added + text.slice(at + removed);

/** The text in segments that end anywhere. */
export function inPieces(random: Random, text: string): string[] {
  if (random.oneIn(2)) return [text];
  const cuts = Array.from({ length: 1 + random.below(4) }, () => random.below(text.length + 1)).sort(
    (a, b) => a - b,
  );
  const pieces = [0, ...cuts].map((from, index) => text.slice(from, cuts[index] ?? text.length));
  return pieces.filter((each) => each !== '');
}
