import type { Context } from '../context.ts';
import { messageOf } from '../errors.ts';

const DEADLINE_MS = 2_000;
/** No health document is as long as this; what is goes on for ever. */
const MAX_BYTES = 1_048_576;
/** What can be the name of a service. Whatever else stands there is not printed as one. */
const IDENTITY = /^[\w.@/-]{1,128}$/;
const VERSION = /^[\w.+-]{1,64}$/;

/** What answered at the address of a health document. */
export interface HealthAnswer {
  /** Status 200, which is what `up` waits for. */
  healthy: boolean;
  /** The `service` (or else `name`) field of the document: who answers. */
  identity: string | undefined;
  /** The `version` field of the document. */
  version: string | undefined;
  /** It is a page for people, such as a web server gives for any path. */
  isPage: boolean;
  /** The status; `undefined` when nothing answered. */
  status: number | undefined;
  /** Nobody took the connection. */
  refused: boolean;
  /** For people. */
  found: string;
}

/** Asks for a health document. Never rejects but for an interruption: no answer is an answer, too. */
export async function askHealth(
  { http, interrupted }: Pick<Context, 'http' | 'interrupted'>,
  url: string,
): Promise<HealthAnswer> {
  try {
    const { status, body, headers } = await http(url, {
      timeoutMs: DEADLINE_MS,
      maxBytes: MAX_BYTES,
      signal: interrupted,
    });
    const { identity, version } = documentOf(body);
    const isPage = /\bhtml\b/.test(headers['content-type'] ?? '') || /^\s*<(!doctype|html)/i.test(body);
    const who =
      identity !== undefined ? `as ${identity}` : isPage ? 'with a page (HTML)' : 'without saying who it is';
    return {
      healthy: status === 200,
      identity,
      version,
      isPage,
      refused: false,
      status,
      found: `${url} answers ${status} ${who}`,
    };
  } catch (error) {
    interrupted.throwIfAborted();
    return {
      healthy: false,
      identity: undefined,
      version: undefined,
      isPage: false,
      refused: error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED',
      status: undefined,
      found: messageOf(error),
    };
  }
}

function documentOf(body: string): { identity: string | undefined; version: string | undefined } {
  const text = (value: unknown, pattern: RegExp) =>
    typeof value === 'string' && pattern.test(value) ? value : undefined;
  try {
    const document: unknown = JSON.parse(body);
    if (typeof document === 'object' && document !== null) {
      const { service, name, version } = document as Record<string, unknown>;
      return { identity: text(service ?? name, IDENTITY), version: text(version, VERSION) };
    }
  } catch {
    // No document.
  }
  return { identity: undefined, version: undefined };
}
