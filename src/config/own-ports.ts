// `${port}` and `${ports.NAME}` in `command` and `env` are those of the instance, and each replica has its own: the stack
// holds marks in their place, which each instance fills in. What Unicode keeps for a program's own use stands in no text.

const BEGIN = '\uFDD0';
const END = '\uFDD1';
const MARK = new RegExp(`${BEGIN}([^${END}]*)${END}`, 'gu');

/** What stands for a port until the instance is known: the service's own one, or the one of that name. */
export function portMark(name = ''): string {
  return `${BEGIN}${name}${END}`;
}

/** What stands for another word of a server of the stack, such as its `host`. */
export function wordMark(word: string): string {
  return `${BEGIN}.${word}${END}`;
}

/** Fills the marks of a server's text in: the empty name is its port, `.WORD` a word, all else a further port. */
export function withOwnWords(text: string, wordOf: (name: string) => string): string {
  return text.includes(BEGIN) ? text.replaceAll(MARK, (_, name: string) => wordOf(name)) : text;
}

/** The ports of one instance. */
export interface OwnPorts {
  port: number | undefined;
  ports: Readonly<Record<string, number>>;
}

/** Fills the marks of a text in. */
export function withOwnPorts(text: string, { port, ports }: OwnPorts): string {
  if (!text.includes(BEGIN)) return text;
  return text.replaceAll(MARK, (_, name: string) => String((name === '' ? port : ports[name]) ?? ''));
}

/** The same for all values of an environment. */
export function environmentWithOwnPorts(
  env: Readonly<Record<string, string>>,
  own: OwnPorts,
): Record<string, string> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name, withOwnPorts(value, own)]));
}
