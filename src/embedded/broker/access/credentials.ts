import { Reader } from '../codec/reader.ts';
import { readTable } from '../codec/table.ts';
import { Writer } from '../codec/writer.ts';
import { AmqpError } from '../errors.ts';

export interface Credentials {
  user: string;
  password: string;
}

/** A way to log in: reads the response of `connection.start-ok`. Throws SYNTAX_ERROR when it makes no sense. */
type Mechanism = (response: Buffer) => Credentials;

const plain: Mechanism = (response) => {
  const [authority, user, password, ...rest] = splitAtZero(response);
  // RabbitMQ takes no authorization identity.
  if (authority !== '' || user === undefined || password === undefined || rest.length > 0)
    throw new AmqpError('SYNTAX_ERROR', 'response invalid');
  return { user, password };
};

const amqplain: Mechanism = (response) => {
  const writer = new Writer();
  writer.longstr(response);
  const table = readTable(new Reader(writer.copy()));
  const user = table.get('LOGIN');
  const password = table.get('PASSWORD');
  if (user?.type !== 'longstr' || password?.type !== 'longstr')
    throw new AmqpError('SYNTAX_ERROR', 'AMQPLAIN auth info is missing LOGIN or PASSWORD field');
  return { user: String(user.value), password: String(password.value) };
};

/** The mechanisms that are offered. */
export const MECHANISMS: ReadonlyMap<string, Mechanism> = new Map([
  ['PLAIN', plain],
  ['AMQPLAIN', amqplain],
]);

function splitAtZero(bytes: Buffer): string[] {
  return bytes.toString('utf8').split('\0');
}
