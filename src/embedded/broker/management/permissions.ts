import { list } from './lists.ts';
import {
  badRequest,
  created,
  ManagementError,
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
      required(body, ['configure', 'write', 'read']);
      const { accounts } = state.vhosts;
      const { vhost = '', user = '' } = path;
      if (state.vhosts.get(vhost) === undefined || accounts.find(user) === undefined)
        throw badRequest('vhost_or_user_not_found');
      const known = accounts.rightsOf(user, vhost) !== undefined;
      try {
        accounts.grant({
          user,
          vhost,
          configure: String(body.configure),
          write: String(body.write),
          read: String(body.read),
        });
      } catch (error) {
        if (error instanceof SyntaxError) throw new ManagementError(400, 'bad_request', error.message);
        throw error;
      }
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

function existing({ state, path }: Request) {
  const { vhost = '', user = '' } = path;
  const rights = state.vhosts.accounts.rightsOf(user, vhost);
  if (rights === undefined) throw objectNotFound();
  return { user, vhost, ...rights.permission };
}
