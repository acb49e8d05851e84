import { readFileSync } from 'node:fs';

/** One recorded request with its answer. */
export interface Recorded {
  file: string;
  /** The `##########` line above it. */
  title: string;
  method: string;
  url: string;
  headers: Record<string, string>;
  body: string | undefined;
  status: number;
  /** Lower-case names. */
  answerHeaders: Record<string, string>;
  answer: string;
}

/** A resource that was put before the requests of `10-plugins.txt`. */
export interface Prepared {
  path: string;
  body: string;
}

export function readRecording(file: string): { prepared: Prepared[]; requests: Recorded[] } {
  const url = new URL(`../../../fixtures/apisix-3.14.1/${file}`, import.meta.url);
  const lines = readFileSync(url, 'utf8').replaceAll('\r\n', '\n').split('\n');
  const prepared: Prepared[] = [];
  const requests: Recorded[] = [];
  let title = '';
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] ?? '';
    if (line.startsWith('##########')) title = line.slice(11);
    const conf = /^201 (\/\S+)$/.exec(line);
    if (conf?.[1] !== undefined)
      prepared.push({ path: conf[1], body: (lines[i + 1] ?? '').replace(/^ {4}conf: /, '') });
    const request = /^>>> ([A-Z]+) (http:\S+)$/.exec(line);
    if (request === null) continue;
    const end = lines.findIndex((each, at) => at > i && /^(>>> |#{10} |--- )/.test(each));
    const block = lines.slice(i + 1, end === -1 ? undefined : end);
    requests.push({ file, title, method: request[1] ?? '', url: request[2] ?? '', ...parse(block) });
  }
  return { prepared, requests };
}

function parse(block: string[]): Pick<Recorded, 'headers' | 'body' | 'status' | 'answerHeaders' | 'answer'> {
  const statusAt = block.findIndex((line) => line.startsWith('HTTP/'));
  const blankAt = block.findIndex((line, at) => at > statusAt && line === '');
  const sent = block.slice(0, statusAt);
  const headers: Record<string, string> = {};
  const body: string[] = [];
  for (let i = 0; i < sent.length; i++) {
    const line = sent[i] ?? '';
    const header = /^ {4}([A-Za-z-]+): (.*)$/.exec(line);
    if (line === '    -b') headers.Cookie = (sent[++i] ?? '').trim();
    else if (line === '    -u') headers.Authorization = basic((sent[++i] ?? '').trim());
    else if (header?.[1] !== undefined && body.length === 0) headers[header[1]] = header[2] ?? '';
    else body.push(line.replace(/^ {4}/, ''));
  }
  const answerHeaders: Record<string, string> = {};
  for (const line of block.slice(statusAt + 1, blankAt)) {
    const colon = line.indexOf(': ');
    answerHeaders[line.slice(0, colon).toLowerCase()] = line.slice(colon + 2);
  }
  return {
    headers,
    body: body.length === 0 ? undefined : body.join('\n'),
    status: Number((block[statusAt] ?? '').split(' ')[1]),
    answerHeaders,
    answer: block
      .slice(blankAt + 1)
      .join('\n')
      .trim(),
  };
}

const basic = (credentials: string) => `Basic ${Buffer.from(credentials).toString('base64')}`;
