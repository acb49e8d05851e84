// `${port}` and `${ports.NAME}` in `command` and `env` are those of the instance, and each replica has its own: the stack
// holds marks in their place, which each instance fills in. What Unicode keeps for a program's own use stands in no text.

const BEGIN = '\uFDD0';
const END = '\uFDD1';
const MARK = new RegExp(`${BEGIN}([^${END}]*)${END}`, 'gu');

/** What stands for a port until the instance is known: the service's own one, or the one of that name. */
export function portMark(name = ''): string {
  return `${BEGIN}${name}${END}`;
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
