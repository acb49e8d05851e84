import type { SecretSubject, SecretUse } from '../model/secret.ts';
import type { Stack } from '../model/stack.ts';
import { factsOf } from '../resources/facts.ts';
import { keyringOf, secretOfAccount, secretOfRole } from './outline.ts';

/** Every secret that the stack uses, by name, with what it is for and which services get it. */
export function secretUses(stack: Stack): SecretUse[] {
  const subjects = new Map<string, SecretSubject>();
  for (const { name, kind, provider, secret } of stack.resources) {
    if (provider === 'external') continue;
    if (secret !== undefined) subjects.set(secret, { kind: 'resource', resource: name });
    if (factsOf(kind).hasKeyring) subjects.set(keyringOf(name), { kind: 'keyring', resource: name });
  }
  for (const { name, database, events } of stack.services) {
    if (events?.account !== undefined)
      subjects.set(secretOfAccount(name), { kind: 'account', service: name, resource: events.resource });
    if (database !== undefined)
      subjects.set(secretOfRole(name), { kind: 'role', service: name, resource: database.resource });
  }
  for (const [name, ask] of Object.entries(stack.askedSecrets)) subjects.set(name, { kind: 'asked', ask });
  return stack.secretNames.map((name) => {
    const value = stack.secrets[name] ?? '';
    const holds = (text: string) => text.includes(value) || text.includes(encodeURIComponent(value));
    return {
      name,
      subject: subjects.get(name) ?? { kind: 'declared' },
      services: stack.services
        .filter(({ env }) => value !== '' && Object.values(env).some(holds))
        .map((service) => service.name),
    };
  });
}
