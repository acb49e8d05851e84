import type { Consumer } from '../exchange.ts';
import type { Store } from '../state/store.ts';

/** Finds consumers by what their plugins or credentials hold. Rebuilt at the first look after a change. */
export class ConsumerIndex {
  readonly #store: Store;
  readonly #byName = new Map<string, Consumer>();
  readonly #byField = new Map<string, Consumer>();
  #stale = true;

  constructor(store: Store) {
    this.#store = store;
    store.onChange(({ collection }) => {
      if (collection === 'consumers' || collection === 'credentials') this.#stale = true;
    });
  }

  find(plugin: string, field: string, value: string): Consumer | undefined {
    this.#refresh();
    return this.#byField.get(keyOf(plugin, field, value));
  }

  named(username: string): Consumer | undefined {
    this.#refresh();
    return this.#byName.get(username);
  }

  #refresh(): void {
    if (!this.#stale) return;
    this.#byName.clear();
    this.#byField.clear();
    for (const { id, value } of this.#store.values('consumers')) {
      const consumer = {
        username: id,
        credentialId: undefined,
        groupId: value.group_id === undefined ? undefined : String(value.group_id),
        value,
      };
      this.#byName.set(id, consumer);
      this.#register(consumer, value.plugins);
    }
    for (const { id, value } of this.#store.values('credentials')) {
      const [username = '', credentialId] = id.split('/');
      const consumer = this.#byName.get(username);
      if (consumer !== undefined) this.#register({ ...consumer, credentialId }, value.plugins);
    }
    this.#stale = false;
  }

  #register(consumer: Consumer, plugins: unknown): void {
    for (const [plugin, fields] of Object.entries((plugins ?? {}) as Record<string, object>)) {
      for (const [field, value] of Object.entries(fields)) {
        if (typeof value === 'string') this.#byField.set(keyOf(plugin, field, value), consumer);
      }
    }
  }
}

const keyOf = (plugin: string, field: string, value: string) => `${plugin}\0${field}\0${value}`;
