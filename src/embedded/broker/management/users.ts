import type { Account } from '../access/accounts.ts';
import { hashPassword } from '../access/password.ts';
import { list } from './lists.ts';
import {
  badRequest,
  created,
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
    path: '/api/users/:user',
    role: 'administrator',
    GET: (request) => ok(show(existing(request))),
    PUT: ({ state, path, body }) => {
      if (body.tags === undefined) throw badRequest('tags_not_present');
      const { accounts } = state.vhosts;
      const name = path.user ?? '';
      const known = accounts.find(name) !== undefined;
      accounts.put({ name, passwordHash: hashOf(body), tags: tagsOf(body.tags) });
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

/** An account without a password cannot log in. */
function hashOf({ password, password_hash: hash }: Record<string, unknown>): string {
  if (password !== undefined) return hashPassword(String(password));
  return hash === undefined ? '' : String(hash);
}

function show({ name, passwordHash, tags }: Account): Record<string, unknown> {
  return {
    name,
    password_hash: passwordHash,
    hashing_algorithm: 'rabbit_password_hashing_sha256',
    tags,
    limits: {},
  };
}
