import type { Credentials } from './credentials.ts';
import { type Hashing, hashPassword, matchesHash } from './password.ts';
import { type Permission, Rights } from './rights.ts';

/** Who may log in. `tags` say what the account may do in the management API. */
export interface Account {
  name: string;
  passwordHash: string;
  /** Left out: SHA-256. */
  hashing?: Hashing;
  tags: string[];
}

/** The permission of an account in a virtual host. */
export interface Grant extends Permission {
  user: string;
  vhost: string;
}

/** A hash to compare with where there is no such account, so that it takes as long. */
const NOBODY = hashPassword('');

/** The accounts of the broker and what each may do where. */
export class Accounts {
  private readonly byName = new Map<string, Account>();
  private readonly rights = new Map<string, Map<string, Rights>>();

  get all(): Account[] {
    return [...this.byName.values()];
  }

  get grants(): Grant[] {
    return [...this.rights].flatMap(([vhost, users]) =>
      [...users].map(([user, { permission }]) => ({ user, vhost, ...permission })),
    );
  }

  find(name: string): Account | undefined {
    return this.byName.get(name);
  }

  put(account: Account): void {
    this.byName.set(account.name, account);
  }

  /** With its permissions everywhere. */
  delete(name: string): void {
    this.byName.delete(name);
    for (const users of this.rights.values()) users.delete(name);
  }

  /** Takes every permission in a virtual host that is gone. */
  forgetVhost(vhost: string): void {
    this.rights.delete(vhost);
  }

  isRight({ user, password }: Credentials): boolean {
    const account = this.byName.get(user);
    return matchesHash(password, account?.passwordHash ?? NOBODY, account?.hashing) && account !== undefined;
  }

  /** @throws SyntaxError when a part of the permission is no regular expression */
  grant({ user, vhost, ...permission }: Grant): void {
    const users = this.rights.get(vhost) ?? new Map<string, Rights>();
    users.set(user, new Rights(user, permission));
    this.rights.set(vhost, users);
  }

  /** False when there was no such permission. */
  revoke(user: string, vhost: string): boolean {
    return this.rights.get(vhost)?.delete(user) ?? false;
  }

  /** What the account may do in the virtual host; `undefined` when it may not even open it. */
  rightsOf(user: string, vhost: string): Rights | undefined {
    return this.rights.get(vhost)?.get(user);
  }
}
