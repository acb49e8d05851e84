/** What is shown in the place of a secret. */
export const MASK = '••••••';

/** What a secret of the stack is for. Its value is not in here. */
export type SecretSubject =
  /** The password of the stack's user, or the key of the Admin API. */
  | { kind: 'resource'; resource: string }
  /** What the gateway encrypts its consumers' keys with. */
  | { kind: 'keyring'; resource: string }
  /** The role of a service in its database. */
  | { kind: 'role'; service: string; resource: string }
  /** The account of a service at the broker. */
  | { kind: 'account'; service: string; resource: string }
  /** Declared under `secrets` in `qbtc.yaml`. */
  | { kind: 'declared' }
  /** Declared there, too, but not made by qbtc: whoever sets it has it from there. */
  | { kind: 'asked'; ask: string };

/** A secret that the stack uses. */
export interface SecretUse {
  name: string;
  subject: SecretSubject;
  /** Services whose environment holds the value. */
  services: string[];
}
