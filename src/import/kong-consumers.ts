import { given, type KongConfig } from './kong-config.ts';

export interface KongCredential {
  id: string;
  plugin: string;
  config: Record<string, unknown>;
}

/** APISIX takes letters, digits, `_` and `-` alone. */
const takenName = (name: string) => name.replace(/[^a-zA-Z0-9_-]+/g, '_').slice(0, 100);

export function usernameOf(consumer: KongConfig): string | undefined {
  const said = consumer.text('username');
  const custom = consumer.text('custom_id');
  const name = said ?? custom;
  if (name === undefined || name === '') return undefined;
  consumer.take('id');
  const own = takenName(name);
  if (own !== name)
    consumer.lose(
      said === undefined ? 'custom_id' : 'username',
      `APISIX takes no such name: it is called ${own}`,
    );
  if (said !== undefined && custom !== undefined)
    consumer.lose('custom_id', 'a consumer of APISIX has one name', 'labels');
  return own;
}

/** Who is in which group of `acls` now. */
export function groupsOf(top: KongConfig): Map<string, string[]> {
  const members = new Map<string, string[]>();
  for (const consumer of top.parts('consumers')) {
    const name = takenName(consumer.text('username') ?? consumer.text('custom_id') ?? '');
    for (const acl of consumer.parts('acls')) {
      const group = acl.text('group') ?? '';
      members.set(group, [...(members.get(group) ?? []), name]);
    }
  }
  return members;
}

/** A stored password of Kong is a hash, of 40 digits. */
const HASH = /^[0-9a-f]{40}$/;

export function credentialsOf(consumer: KongConfig): KongCredential[] {
  // They stand in the plugins that ask for them.
  consumer.take('acls');
  const found: KongCredential[] = [];
  const each = (
    list: string,
    plugin: string,
    read: (credential: KongConfig) => Record<string, unknown> | undefined,
  ) => {
    for (const [index, credential] of consumer.parts(list).entries()) {
      const config = read(credential);
      for (const said of ['id', 'tags', 'ttl', 'consumer']) credential.take(said);
      if (config === undefined) credential.lose('', 'it is left out: what it is known by is not told');
      else {
        credential.loseRest(`a credential of ${plugin} has no such field`);
        found.push({ id: `${plugin}-${index + 1}`, plugin, config: given(config) });
      }
    }
  };
  each('keyauth_credentials', 'key-auth', (one) => {
    const key = one.text('key');
    return key === undefined ? undefined : { key };
  });
  each('basicauth_credentials', 'basic-auth', (one) => {
    const [username, password] = [one.text('username'), one.text('password')];
    return password === undefined || HASH.test(password) ? undefined : { username, password };
  });
  each('jwt_secrets', 'jwt-auth', (one) => {
    const [key, secret, algorithm] = [one.text('key'), one.text('secret'), one.text('algorithm')];
    const open = one.text('rsa_public_key');
    if (key === undefined) return undefined;
    return open === undefined ? { key, secret, algorithm } : { key, public_key: open, algorithm };
  });
  for (const list of ['hmacauth_credentials', 'oauth2_credentials', 'mtls_auth_credentials'])
    if (consumer.parts(list).length > 0)
      consumer.lose(list, 'APISIX asks for them in another way', NEAREST_AUTHENTICATION[list]);
  return found;
}

const NEAREST_AUTHENTICATION: Readonly<Record<string, string>> = {
  hmacauth_credentials: 'hmac-auth',
  oauth2_credentials: 'openid-connect',
  mtls_auth_credentials: 'client certificates of ssls',
};
