import type { Context } from '../context.ts';
import { messageOf } from '../errors.ts';
import { isRecord } from '../record.ts';
import { healthDetails } from './details.ts';

const DEADLINE_MS = 5_000;
/** No health document is as long as this; what is goes on for ever. */
const MAX_BYTES = 1_048_576;
/** What can be the name of a service. Whatever else stands there is a title for people. */
const IDENTITY = /^[\w.@/-]{1,128}$/;
const VERSION = /^[\w.+-]{1,64}$/;

/** What answered at the address of a health document. */
export interface HealthAnswer {
  /** The `service` (or else `name`) field of the document, where that can be the name of a service. */
  identity: string | undefined;
  /** All that the document calls itself, titles included. Not to be printed as it is. */
  names: string[];
  /** The `version` field of the document. */
  version: string | undefined;
  /** The document, where the answer is a JSON object. */
  document: Record<string, unknown> | undefined;
  /** It is a page for people, such as a web server gives for any path. */
  isPage: boolean;
  /** The status; `undefined` when nothing answered. */
  status: number | undefined;
  /** Nobody took the connection. */
  refused: boolean;
  /** The path that was asked for. */
  path: string;
  /** For people. */
  found: string;
}

/** Asks for a health document. Never rejects but for an interruption: no answer is an answer, too. */
export async function askHealth(
  { http, interrupted }: Pick<Context, 'http'> & { interrupted?: AbortSignal },
  url: string,
  timeoutMs = DEADLINE_MS,
): Promise<HealthAnswer> {
  const { pathname: path } = new URL(url);
  try {
    const { status, body, headers } = await http(url, {
      timeoutMs,
      maxBytes: MAX_BYTES,
      ...(interrupted === undefined ? {} : { signal: interrupted }),
    });
    const document = objectIn(body);
    const names = [document?.service, document?.name].filter((each) => typeof each === 'string');
    const identity = names.find((each) => IDENTITY.test(each));
    const isPage = /\bhtml\b/.test(headers['content-type'] ?? '') || /^\s*<(!doctype|html)/i.test(body);
    const who =
      identity !== undefined ? `as ${identity}` : isPage ? 'with a page (HTML)' : 'without saying who it is';
    return {
      identity,
      names,
      version:
        typeof document?.version === 'string' && VERSION.test(document.version)
          ? document.version
          : undefined,
      document,
      isPage,
      refused: false,
      status,
      path,
      found: `${url} answers ${status} ${who}`,
    };
  } catch (error) {
    interrupted?.throwIfAborted();
    return {
      identity: undefined,
      names: [],
      version: undefined,
      document: undefined,
      isPage: false,
      refused: error instanceof Error && 'code' in error && error.code === 'ECONNREFUSED',
      status: undefined,
      path,
      found: messageOf(error),
    };
  }
}

/** What servers say of a password that they do not take: PostgreSQL, RabbitMQ, Redis. */
const REFUSED = /password authentication failed|ACCESS[-_]REFUSED|WRONGPASS|NOAUTH|invalid credentials/i;

/** A check that a health document reports as not well. */
export interface FailedCheck {
  name: string;
  reason: string;
  /** A server takes the service's password for wrong. Its own words, which come from there, tell. */
  credentialRefused: boolean;
}

export function failedChecks({ document }: Pick<HealthAnswer, 'document'>): FailedCheck[] {
  return healthDetails(document)
    .details.filter(({ well }) => !well)
    .map(({ name, said }) => ({ name, reason: said, credentialRefused: REFUSED.test(said) }));
}

function objectIn(body: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
