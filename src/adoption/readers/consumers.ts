import { type CodeFile, codeOf, lineOf } from '../code-files.ts';
import type { Fact, Reader } from '../fact.ts';
import { lineAt } from '../repository.ts';

/** A queue by its name, or by what holds it. */
const NAME = `(?:['"\`]([^'"\`$\\n]{1,255})['"\`]|([A-Za-z_$][\\w$.]*))`;

/** How clients of RabbitMQ are asked for the messages of a queue. */
const CONSUMES: readonly RegExp[] = [
  // amqplib; amqp091-go.
  new RegExp(`\\.[cC]onsume(?:WithContext)?\\(\\s*(?:ctx\\s*,\\s*)?${NAME}`, 'g'),
  // pika, whose older versions take the callback first.
  new RegExp(`\\bbasic_consume\\(\\s*(?:[^()]{0,300}?\\bqueue\\s*=\\s*)?${NAME}`, 'g'),
  // The Java client; that of .NET.
  new RegExp(`\\b[bB]asicConsume(?:Async)?\\(\\s*(?:queue:\\s*)?${NAME}`, 'g'),
  // Spring; @golevelup/nestjs-rabbitmq.
  new RegExp(`@RabbitListener\\([^)]{0,300}?\\bqueues\\s*=\\s*\\{?\\s*${NAME}`, 'g'),
  new RegExp(`@Rabbit(?:Subscribe|RPC)\\([^)]{0,300}?\\bqueue:\\s*${NAME}`, 'g'),
];
/** What names a queue where the consumer is given an object that stands for it. */
const BEHIND: readonly { in: RegExp; named: RegExp }[] = [
  // amqplib: `const q = await channel.assertQueue('orders')`, `q.queue`.
  { in: /\.consume\(\s*\w+\.queue\b/, named: new RegExp(`\\bassertQueue\\(\\s*${NAME}`, 'g') },
  // aio-pika; amqp091-go: `q.Name`.
  {
    in: /\.(consume|iterator)\(/,
    named: new RegExp(`\\bdeclare_queue\\(\\s*(?:name\\s*=\\s*)?${NAME}`, 'g'),
  },
  { in: /\.Consume\(/, named: new RegExp(`\\.QueueDeclare\\(\\s*${NAME}`, 'g') },
  // A microservice of Nest; its clients name a queue in the same way.
  { in: /(connect|create)Microservice\b/, named: new RegExp(`\\bqueue:\\s*${NAME}`, 'g') },
];
/** Messages that must be JSON. */
const JSON_READ =
  /JSON\.parse|json\.loads|json\.Unmarshal|NewDecoder|ObjectMapper|Jackson|JsonConvert|JsonSerializer|Microservice|@Rabbit/;
/** Nobody consumes from more in one file. */
const MOST_QUEUES = 100;
const SPEAKS = /amqp|rabbit|pika|Transport\.RMQ/i;

/** Code that consumes from queues of RabbitMQ. */
export const consumers: Reader = {
  name: 'consumers in code',
  async read(repository) {
    return (await codeOf(repository)).filter(({ text }) => SPEAKS.test(text)).flatMap(factsOf);
  },
};

function factsOf({ file, folder, text }: CodeFile): Fact[] {
  const patterns = [
    ...CONSUMES,
    ...BEHIND.flatMap(({ in: where, named }) => (where.test(text) ? [named] : [])),
  ];
  const found = patterns
    .flatMap((pattern) => [...text.matchAll(pattern)])
    .slice(0, MOST_QUEUES)
    .filter(({ index }) => !/^\s*(\/\/|#|\*)/.test(lineOf(text, index)));
  return found.flatMap(({ 1: literal, 2: name = '', index }): Fact[] => {
    const said = literal === undefined ? heldBy(text, name) : { queue: literal };
    if (said === undefined) return [];
    const at = { file, line: lineAt(text, index) };
    return [{ kind: 'consumes', folder, at, ...said, json: JSON_READ.test(text) }];
  });
}

/** What a name stands for in the same file: a text, or a variable of the environment that may have one. */
function heldBy(text: string, name: string): { queue: string; variable?: string } | undefined {
  const direct = /^process\.env\.(\w+)$/.exec(name)?.[1];
  if (direct !== undefined) return { queue: '', variable: direct };
  const last = name.split('.').at(-1) ?? '';
  const assigned = new RegExp(
    `(?:^|[^\\w$])${last.replaceAll('$', '\\$')}\\s*(?::\\s*\\w+\\s*)?[=:]\\s*` +
      `(?:(?:process\\.env\\.(\\w+)|os\\.(?:getenv|environ\\.get)\\(\\s*['"](\\w+)['"])\\s*(?:\\|\\||\\?\\?|,|;|\\))?\\s*)?` +
      `(?:['"\`]([^'"\`$\\n]{1,255})['"\`])?`,
    'm',
  ).exec(text);
  const variable = assigned?.[1] ?? assigned?.[2];
  const queue = assigned?.[3] ?? '';
  if (queue === '' && variable === undefined) return undefined;
  return { queue, ...(variable === undefined ? {} : { variable }) };
}
