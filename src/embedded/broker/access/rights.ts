import { AmqpError, describe } from '../errors.ts';

/** Regular expressions over the names of queues and exchanges (https://www.rabbitmq.com/docs/access-control). */
export interface Permission {
  configure: string;
  write: string;
  read: string;
}

export type Access = keyof Permission;

/** What one account may do in one virtual host. */
export class Rights {
  readonly permission: Permission;
  private readonly user: string;
  private readonly patterns: Record<Access, RegExp | undefined>;

  /** @throws SyntaxError when a part of the permission is no regular expression */
  constructor(user: string, permission: Permission) {
    this.user = user;
    this.permission = permission;
    this.patterns = {
      configure: compile(permission.configure),
      write: compile(permission.write),
      read: compile(permission.read),
    };
  }

  /** Throws ACCESS_REFUSED. The default exchange goes by the name `amq.default`. */
  assert(access: Access, kind: 'queue' | 'exchange', name: string, vhost: string): void {
    const pattern = this.patterns[access];
    const known = name === '' ? 'amq.default' : name;
    if (pattern === undefined || pattern.test(known)) return;
    throw new AmqpError(
      'ACCESS_REFUSED',
      `access to ${describe(kind, known, vhost)} refused for user '${this.user}'`,
    );
  }
}

/** `undefined` for what matches everything: most permissions do, and each publish asks. An empty one matches nothing. */
function compile(pattern: string): RegExp | undefined {
  if (pattern === '.*') return undefined;
  return new RegExp(pattern === '' ? '^$' : pattern);
}
