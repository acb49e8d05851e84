import { jsonText } from '../json.ts';

const SECRET = /\$\{secrets\.([^}]+)\}/g;

/** A request as a flow writes it, with everything filled in but its secrets. */
export interface PublicRequest {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  json?: unknown;
  body?: string | undefined;
}

/**
 * The command that sends the same request by hand, for a POSIX shell. A secret is not in it: it is asked for where the
 * command is run (`$(qbtc secrets get NAME)`).
 */
export function curlOf({ method, url, headers, json, body }: PublicRequest): string {
  const sent = json === undefined ? body : jsonText(json);
  const all = json === undefined ? headers : { 'content-type': 'application/json', ...headers };
  const parts = [
    'curl --include',
    ...(method === 'GET' ? [] : [`--request ${method}`]),
    ...Object.entries(all).map(([name, value]) => `--header ${quoted(`${name}: ${value}`)}`),
    ...(sent === undefined ? [] : [`--data-raw ${quoted(sent)}`]),
    quoted(url),
  ];
  return parts.join(' ');
}

/** In single quotes nothing means anything to a shell; a secret stands between them. */
function quoted(text: string): string {
  return text
    .split(SECRET)
    .map((part, index) => (index % 2 === 0 ? single(part) : `"$(qbtc secrets get ${single(part)})"`))
    .filter((part) => part !== "''")
    .join('');
}

function single(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
