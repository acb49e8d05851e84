import type { IncomingHttpHeaders } from 'node:http';
import type { Log } from '../../program.ts';
import type { Account } from '../access/accounts.ts';
import { jsonToTable } from '../codec/json.ts';
import { Reader } from '../codec/reader.ts';
import { skipTable, type Table, tableBytes } from '../codec/table.ts';
import { fitsShortString } from '../names.ts';
import type { BrokerState } from '../state.ts';
import type { VirtualHost } from '../virtual-host/virtual-host.ts';
import { hasRole, type Role } from './roles.ts';

/** An answer of the management API. */
export interface Answer {
  status: number;
  /** Sent as JSON; without it the body is empty. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** A request as a resource sees it. */
export interface Request {
  state: BrokerState;
  log: Log;
  /** Who asks. */
  account: Account;
  method: MethodName;
  /** The variable parts of the path, decoded. */
  path: Record<string, string>;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
  /** The body as a JSON object; `{}` when it was empty. */
  body: Record<string, unknown>;
}

export type MethodName = 'GET' | 'PUT' | 'POST' | 'DELETE';

type Method = (request: Request) => Answer | Promise<Answer>;

/** A path of the API, its variable parts written `:name`, and what its methods do. */
export interface Resource {
  path: string;
  /** What the account needs to be; left out: `management`. */
  role?: Role;
  /** The same for what changes something, where that asks for more. */
  roleToChange?: Role;
  GET?: Method;
  PUT?: Method;
  POST?: Method;
  DELETE?: Method;
}

/** An answer other than the expected one. */
export class ManagementError extends Error {
  override readonly name = 'ManagementError';
  readonly answer: Answer;

  constructor(status: number, error: string, reason: string) {
    super(reason);
    this.answer = { status, body: { error, reason } };
  }
}

/** What RabbitMQ answers for a path or an object that does not exist. */
export const objectNotFound = () => new ManagementError(404, 'Object Not Found', 'Not Found');

export const badRequest = (reason: string) => new ManagementError(400, 'bad_request', reason);

export const ok = (body: unknown): Answer => ({ status: 200, body });
export const created = (headers: Record<string, string> = {}): Answer => ({ status: 201, headers });
export const noContent: Answer = { status: 204 };

/** The virtual host in the path; for reading. */
export function vhostOf({ state, path }: Request): VirtualHost {
  const vhost = state.vhosts.get(path.vhost ?? '');
  if (vhost === undefined) throw objectNotFound();
  return vhost;
}

/** The virtual host in the path; for changing. RabbitMQ words its absence differently then. */
export function vhostToChange({ state, path }: Request): VirtualHost {
  const vhost = state.vhosts.get(path.vhost ?? '');
  if (vhost === undefined) throw new ManagementError(404, 'not_found', 'vhost_not_found');
  return vhost;
}

/** The virtual hosts that a list is about: the one in the path, or all that the account may see. */
export function vhostsOf(request: Request): VirtualHost[] {
  if (request.path.vhost !== undefined) return [vhostOf(request)];
  const { state, account } = request;
  const { all, accounts } = state.vhosts;
  if (hasRole(account, 'monitoring')) return all;
  return all.filter(({ name }) => accounts.rightsOf(account.name, name) !== undefined);
}

/** The default exchange has no name that fits into a path. */
export function exchangeName(name: string | undefined): string {
  return name === undefined || name === 'amq.default' ? '' : name;
}

/** Throws 400 that names every missing member, as an Erlang term. */
export function required(body: Record<string, unknown>, keys: readonly string[]): void {
  const missing = keys.filter((key) => body[key] === undefined);
  if (missing.length === 0) return;
  const separator = missing.length > 2 ? ',\n ' : ',';
  throw badRequest(`[${missing.map((key) => `{key_missing,${key}}`).join(separator)}]`);
}

/** A flag of a body; RabbitMQ takes the words as well. */
export function flag(value: unknown, name: string): boolean {
  if (value === undefined || value === false || value === 'false') return false;
  if (value === true || value === 'true') return true;
  throw badRequest(`{not_boolean,${name}}`);
}

/** The member `arguments` of a body. Throws SYNTAX_ERROR for what no client could send: keys too long, tables too deep. */
export function argumentsOf({ arguments: given }: Record<string, unknown>): Table {
  if (given === undefined || (Array.isArray(given) && given.length === 0)) return new Map();
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw badRequest('arguments must be an object');
  const table = jsonToTable(given as Record<string, unknown>);
  skipTable(new Reader(tableBytes(table)));
  return table;
}

/** A name from a path or a body, for what is created under it. */
export function newName(kind: string, name: unknown): string {
  if (typeof name !== 'string')
    throw badRequest(`${kind} should be a text, actually was ${JSON.stringify(name)}`);
  if (fitsShortString(name)) return name;
  throw badRequest(`${kind} should be less than 255 bytes, actually was ${Buffer.byteLength(name)}\n`);
}
