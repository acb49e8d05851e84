import type { Place } from '../../model/adoption.ts';
import type { Field } from './draft.ts';

/** Secrets of the stack in the place of those that stand in files: one for each value, whoever has it. */
export class Secrets {
  readonly #byValue = new Map<string, string>();
  readonly #all = new Map<string, Field<string>>();

  name(variable: string, value: string, at: Place, service: string): string {
    const key = `${variable}\0${value}`;
    const known = this.#byValue.get(key);
    if (known !== undefined) return known;
    const plain = lowered(variable);
    const name = this.#all.has(plain) ? lowered(`${service}-${variable}`) : plain;
    this.#byValue.set(key, name);
    this.#all.set(name, { value: name, at });
    return name;
  }

  all(): Field<string>[] {
    return [...this.#all.values()];
  }
}

function lowered(name: string): string {
  const plain = name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return /^[a-z]/.test(plain) ? plain : `secret-${plain}`;
}
