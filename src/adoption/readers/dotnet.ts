import type { Fact, Reader } from '../fact.ts';
import { baseName, folderOf, lineAt } from '../repository.ts';

const PROJECT = /\.(cs|fs|vb)proj$/;
const SDK = /<Project\b[^>]*\bSdk="Microsoft\.NET\.Sdk\.(Web|Worker)/;
const USES: readonly (readonly [RegExp, string])[] = [
  [/Include="(RabbitMQ\.Client|MassTransit\.RabbitMQ|EasyNetQ)"/, 'rabbitmq'],
  [/Include="StackExchange\.Redis"/, 'redis'],
  [/Include="Npgsql[."]/, 'postgres'],
  [/Include="MongoDB\.Driver"/, 'mongodb'],
  [/Include="(MySql\.Data|MySqlConnector|Pomelo\.EntityFrameworkCore\.MySql)"/, 'mysql'],
  [/Include="Confluent\.Kafka"/, 'kafka'],
];
/** It says where ASP.NET listens, over its settings and its launch profiles. */
const LISTENS = ['--', '--urls', 'http://127.0.0.1:${port}'];

/** Projects of .NET that serve or work; libraries and tests have another SDK. */
export const dotnet: Reader = {
  name: 'projects of .NET',
  async read(repository) {
    const files = repository.files.filter((file) => PROJECT.test(file));
    const read = await Promise.all(
      files.map(async (file) => factsOf(file, (await repository.text(file)) ?? '')),
    );
    return read.flat();
  },
};

function factsOf(file: string, text: string): Fact[] {
  const sdk = SDK.exec(text);
  if (sdk === null) return [];
  const folder = folderOf(file);
  const at = (index: number) => ({ file, line: lineAt(text, index) });
  const facts: Fact[] = [];
  for (const [pattern, what] of USES) {
    const found = pattern.exec(text);
    if (found !== null) facts.push({ kind: 'uses', folder, at: at(found.index), what });
  }
  const place = at(sdk.index);
  const isWeb = sdk[1] === 'Web';
  if (isWeb) facts.push({ kind: 'uses', folder, at: place, what: 'http' });
  const run = ['dotnet', 'run', '--project', baseName(file), '--no-launch-profile'];
  facts.push({
    kind: 'program',
    folder,
    name: baseName(file).replace(PROJECT, ''),
    at: place,
    command: { value: isWeb ? [...run, ...LISTENS] : run, at: place, guess: true },
    serves: true,
    rank: 4,
    group: 'dotnet',
  });
  return facts;
}
