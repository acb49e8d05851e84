import type { Account } from '../access/accounts.ts';
import { DEFAULT_HASHING, hashingNamed, hashPassword, moduleOf } from '../access/password.ts';
import { list } from './lists.ts';
import {
  badRequest,
  created,
  newName,
  noContent,
  objectNotFound,
  ok,
  type Request,
  type Resource,
} from './resource.ts';
import { tagsOf } from './tags.ts';

export const users: Resource[] = [
  {
    path: '/api/users',
    role: 'administrator',
    GET: (request) => list(request, request.state.vhosts.accounts.all.map(show), ['name']),
  },
  {
    path: '/api/users/without-permissions',
    role: 'administrator',
    GET: (request) => {
      const { all, grants } = request.state.vhosts.accounts;
      const without = all.filter(({ name }) => grants.every(({ user }) => user !== name));
      return list(request, without.map(show), ['name']);
    },
  },
  {
    path: '/api/users/:user',
    role: 'administrator',
    GET: (request) => ok(show(existing(request))),
    PUT: ({ state, path, body }) => {
      const { accounts } = state.vhosts;
      const name = newName('user', path.user);
      const known = accounts.find(name) !== undefined;
      accounts.put(readAccount(name, body));
      state.vhosts.changed();
      return known ? noContent : created();
    },
    DELETE: (request) => {
      const { name } = existing(request);
      const { vhosts, connections } = request.state;
      vhosts.accounts.delete(name);
      vhosts.changed();
      for (const connection of connections)
        if (connection.handshake.username === name) connection.closeForced(`user '${name}' is deleted`);
      return noContent;
    },
  },
  {
    path: '/api/users/:user/permissions',
    role: 'administrator',
    GET: (request) => {
      const { name } = existing(request);
      return ok(request.state.vhosts.accounts.grants.filter(({ user }) => user === name));
    },
  },
];

function existing({ state, path }: Request): Account {
  const account = state.vhosts.accounts.find(path.user ?? '');
  if (account === undefined) throw objectNotFound();
  return account;
}

/** An account as an operator describes it; without a password it cannot log in. Throws 400. */
export function readAccount(name: string, body: Record<string, unknown>): Account {
  const { tags, password, password_hash: hash, hashing_algorithm: module } = body;
  if (tags === undefined) throw badRequest('tags_not_present');
  if (password !== undefined)
    return { name, passwordHash: hashPassword(String(password)), tags: tagsOf(tags) };
  if (hash === undefined) return { name, passwordHash: '', tags: tagsOf(tags) };
  if (typeof hash !== 'string' || !isBase64(hash)) throw badRequest(`not_base64: ${JSON.stringify(hash)}`);
  const hashing = module === undefined ? DEFAULT_HASHING : hashingNamed(String(module));
  if (hashing === undefined) throw badRequest(`no such hashing_algorithm: ${JSON.stringify(module)}`);
  return { name, passwordHash: hash, hashing, tags: tagsOf(tags) };
}

function isBase64(text: string): boolean {
  return Buffer.from(text, 'base64').toString('base64') === text;
}

export function show({ name, passwordHash, hashing, tags }: Account): Record<string, unknown> {
  return {
    name,
    password_hash: passwordHash,
    hashing_algorithm: moduleOf(hashing ?? DEFAULT_HASHING),
    tags,
    limits: {},
  };
}
