/** Variables of a compose file as `qbtc.yaml` writes them, and text that holds none. */

/** Names of variables whose values are nobody's business. */
const SECRET =
  /(^|_)(SECRET\w*|\w*PASS(WORD|WD|PHRASE)?|PWD|SALT|PEPPER|JWT_KEY|APP_KEY|COOKIE_KEY|SESSION_KEY|ENCRYPTION_KEY|ERLANG_COOKIE|SIGNING_KEY)$/i;
/** Those that somebody else has given: they cannot be made up. */
const GIVEN = /(^|_)(\w*TOKEN|\w*KEY|\w*KEY_ID|CREDENTIALS?|DSN|SID|CERT|CERTIFICATE)$/i;
const HARMLESS = /(PUBLIC_KEY|KEY_PREFIX|KEYS?_PATH|KEY_FILE|TOKEN_TTL|TOKEN_EXPIR\w*|_EXPIR\w*|KEYSPACE)$/i;

/** `generated` may be any value, `given` one that only somebody else knows. */
export function secrecyOf(name: string): 'generated' | 'given' | undefined {
  if (HARMLESS.test(name)) return undefined;
  if (SECRET.test(name)) return 'generated';
  return GIVEN.test(name) ? 'given' : undefined;
}

/** Passwords in addresses, of which a value may have several; headers; what hands out keys gives them a form of their own. */
const CREDENTIALS = [
  /:\/\/[^\s/@]*:[^\s/@]+@/,
  /^(Basic|Bearer)\s+\S/i,
  /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
  /"(password|passwd|secret|token|private_key|api_?key)"\s*:\s*"[^"]|\b(password|passwd|pwd|secret|token|api_?key)=[^\s&;]/i,
  /\b(gh[pousr]_|github_pat_|glpat-|[sr]k_(live|test)_|sk-|xox[abeoprs]-)[\w-]{16}/,
  /\b((AKIA|ASIA)[A-Z0-9]{16}|AIza[\w-]{35}|(npm|hf)_[A-Za-z0-9]{30,}|eyJ[\w-]{8,}\.eyJ)/,
  /^https:\/\/(hooks\.slack\.com|discord(app)?\.com\/api\/webhooks|\w+\.webhook\.office\.com)\//,
];
/** What stands for a value that is somewhere else. */
const PLAIN_REFERENCE = /\$\{\w+(:?\?[^}]*|:?-)?\}|\$\w+/g;

/** Whether a value of compose is, or has in it, a secret that somebody has given, whatever its variable is called. */
export function holdsCredentials(value: string): boolean {
  const said = value.replaceAll(PLAIN_REFERENCE, '');
  return CREDENTIALS.some((form) => form.test(said));
}

export interface Converted {
  text: string;
  /** Variables that must be set and have no default. */
  needed: string[];
  /** Whether it holds a reference at all. */
  refers: boolean;
}

/** A value of compose in our syntax: what is not set is empty, as there; `$$` is a dollar. */
export function converted(value: string): Converted {
  const needed: string[] = [];
  let refers = false;
  const text = value.replaceAll(
    /\$\$\{?|\$\{([A-Za-z_]\w*)(?:(:?[-?+])((?:[^{}]|\$\{[^{}]*\})*))?\}|\$([A-Za-z_]\w*)|\$\{/g,
    (
      whole,
      braced: string | undefined,
      operator: string | undefined,
      word: string | undefined,
      plain: string,
    ) => {
      if (whole === '$$') return '$';
      // What is no reference there must be none here.
      if (whole === '$${' || whole === '${') return '$${';
      refers = true;
      const name = braced ?? plain;
      if (operator?.endsWith('?')) needed.push(name);
      const inner = /\$\{?(\w+)/.exec(word ?? '');
      const isDefault = operator?.endsWith('-') === true;
      if (!isDefault || word === '' || inner !== null || secrecyOf(name) !== undefined) {
        if (!isDefault && !operator?.endsWith('+') && !operator?.endsWith('?')) needed.push(name);
        return `\${${name}:-}`;
      }
      return `\${${name}:-${word}}`;
    },
  );
  return { text, needed, refers };
}

/** Text that is no reference, whatever stands in it. */
export function literal(text: string): string {
  return text.replaceAll('${', () => '$${');
}

/** An address, with what stands in it by itself. */
export interface Address {
  scheme: string;
  credentials: boolean;
  host: string;
  port?: string;
  path: string;
  query: string;
}

const ADDRESS =
  /^([a-z][a-z0-9+.:-]*):\/\/(?:((?:\$\{[^}]*\}|[^@\s/])*)@)?([A-Za-z0-9_.-]+)(?::(\$\{[^}]*\}|\d+))?((?:\/[^\s?#]*)?)((?:\?\S*)?)$/i;

/** `undefined` for what is none, and for a list of several. */
export function addressOf(value: string): Address | undefined {
  const found = ADDRESS.exec(value);
  if (found === null) return undefined;
  const [, scheme = '', credentials, host = '', port, path = '', query = ''] = found;
  const number = port === undefined ? undefined : (/\d+/.exec(port)?.[0] ?? undefined);
  return {
    scheme: scheme.toLowerCase(),
    credentials: credentials !== undefined,
    host,
    ...(number === undefined ? {} : { port: number }),
    path,
    query,
  };
}

export const LOCAL = /^(localhost|127\.0\.0\.1|0\.0\.0\.0|host\.docker\.internal)$/;
