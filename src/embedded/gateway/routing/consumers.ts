import { bytesOf } from '../../../matching/bytes.ts';
import type { Consumer } from '../exchange.ts';
import { schemaOf } from '../plugin-check.ts';
import { PLUGINS } from '../plugin-registry.ts';
import { validationError } from '../schema/validator.ts';
import type { SecretReferences } from '../secret-references.ts';
import type { Resources } from '../state/resources.ts';
import type { PluginSet } from './program.ts';

/** Finds consumers by what their plugins or credentials hold. Rebuilt at the first look after a change. */
export class ConsumerIndex {
  readonly #resources: Resources;
  readonly #references: SecretReferences;
  readonly #byName = new Map<string, Consumer>();
  readonly #byField = new Map<string, Consumer>();
  #stale = true;
  /** Of the references, when the index was built. */
  #version = 0;

  constructor(resources: Resources, references: SecretReferences) {
    this.#resources = resources;
    this.#references = references;
    resources.onChange(({ collection }) => {
      if (collection === 'consumers' || collection === 'credentials') this.#stale = true;
    });
  }

  /** @param value as it came over the wire, one character a byte */
  find(plugin: string, field: string, value: string): Consumer | undefined {
    this.#refresh();
    return this.#byField.get(keyOf(plugin, field, value));
  }

  named(username: string): Consumer | undefined {
    this.#refresh();
    return this.#byName.get(username);
  }

  #refresh(): void {
    const { version } = this.#references;
    if (!this.#stale && version === this.#version) return;
    this.#version = version;
    this.#byName.clear();
    this.#byField.clear();
    for (const { id, value } of this.#resources.values('consumers')) {
      const consumer = {
        username: id,
        credentialId: undefined,
        groupId: value.group_id === undefined ? undefined : String(value.group_id),
        value,
        auth: {},
      };
      this.#byName.set(id, consumer);
      this.#register(consumer, value.plugins);
    }
    for (const { id, value } of this.#resources.values('credentials')) {
      const [username = '', credentialId] = id.split('/');
      const consumer = this.#byName.get(username);
      if (consumer !== undefined) this.#register({ ...consumer, credentialId }, value.plugins);
    }
    this.#stale = false;
  }

  #register(consumer: Consumer, plugins: unknown): void {
    for (const [plugin, configuration] of Object.entries((plugins ?? {}) as PluginSet)) {
      const auth = authOf(plugin, configuration, this.#references);
      if (auth === undefined) continue;
      const found = { ...consumer, auth };
      for (const [field, value] of Object.entries(auth)) {
        if (typeof value === 'string') this.#byField.set(keyOf(plugin, field, bytesOf(value)), found);
      }
    }
  }
}

/** The configuration with its secrets; `undefined` where one is not there, or is none that the plugin can take. */
function authOf(
  name: string,
  configuration: Record<string, unknown>,
  references: SecretReferences,
): Consumer['auth'] | undefined {
  const { value, unresolved } = references.resolve(configuration);
  if (value === configuration) return value;
  const plugin = PLUGINS.get(name);
  const fits = plugin !== undefined && validationError(schemaOf(plugin, 'consumer'), value) === undefined;
  return unresolved.length === 0 && fits ? value : undefined;
}

const keyOf = (plugin: string, field: string, value: string) => `${plugin}\0${field}\0${value}`;
