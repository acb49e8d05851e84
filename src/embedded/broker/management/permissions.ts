import type { Grant } from '../access/accounts.ts';
import { list } from './lists.ts';
import {
  badRequest,
  created,
  noContent,
  objectNotFound,
  ok,
  type Request,
  type Resource,
  required,
} from './resource.ts';

export const permissions: Resource[] = [
  {
    path: '/api/permissions',
    role: 'administrator',
    GET: (request) =>
      list(
        request,
        request.state.vhosts.accounts.grants.map((grant) => ({ ...grant })),
        ['vhost', 'user'],
      ),
  },
  {
    path: '/api/permissions/:vhost/:user',
    role: 'administrator',
    GET: (request) => ok(existing(request)),
    PUT: ({ state, path, body }) => {
      const { accounts } = state.vhosts;
      const { vhost = '', user = '' } = path;
      const grant = readPermission(user, vhost, body);
      if (state.vhosts.get(vhost) === undefined || accounts.find(user) === undefined)
        throw badRequest('vhost_or_user_not_found');
      const known = accounts.rightsOf(user, vhost) !== undefined;
      accounts.grant(grant);
      state.vhosts.changed();
      return known ? noContent : created();
    },
    DELETE: (request) => {
      const { user, vhost } = existing(request);
      request.state.vhosts.accounts.revoke(user, vhost);
      request.state.vhosts.changed();
      return noContent;
    },
  },
];

/** Throws 400 for what is missing or no regular expression. */
export function readPermission(user: string, vhost: string, body: Record<string, unknown>): Grant {
  required(body, ['configure', 'write', 'read']);
  const permission = {
    configure: String(body.configure),
    write: String(body.write),
    read: String(body.read),
  };
  for (const pattern of Object.values(permission)) {
    try {
      new RegExp(pattern);
    } catch (error) {
      throw badRequest((error as SyntaxError).message);
    }
  }
  return { user, vhost, ...permission };
}

function existing({ state, path }: Request) {
  const { vhost = '', user = '' } = path;
  const rights = state.vhosts.accounts.rightsOf(user, vhost);
  if (rights === undefined) throw objectNotFound();
  return { user, vhost, ...rights.permission };
}
