import type { Fact, Reader, Repository } from '../fact.ts';
import { baseName, folderOf, lineAt } from '../repository.ts';

const USES: readonly (readonly [RegExp, string])[] = [
  [/amqp091-go|streadway\/amqp/, 'rabbitmq'],
  [/go-redis|redigo/, 'redis'],
  [/lib\/pq|jackc\/pgx/, 'postgres'],
  [/mongo-driver/, 'mongodb'],
  [/go-sql-driver\/mysql/, 'mysql'],
];
const MAIN = /^package main\b/m;

/** go.mod: the packages `main` of a module, at its top or in `cmd`. */
export const go: Reader = {
  name: 'go.mod',
  async read(repository) {
    const modules = repository.files.filter((file) => baseName(file) === 'go.mod');
    return (await Promise.all(modules.map((file) => factsOf(repository, file)))).flat();
  },
};

async function factsOf(repository: Repository, module: string): Promise<Fact[]> {
  const folder = folderOf(module);
  const prefix = folder === '.' ? '' : `${folder}/`;
  const text = (await repository.text(module)) ?? '';
  const facts: Fact[] = [];
  for (const [pattern, what] of USES) {
    const found = pattern.exec(text);
    if (found !== null)
      facts.push({ kind: 'uses', folder, at: { file: module, line: lineAt(text, found.index) }, what });
  }
  const mains = new Map<string, string>();
  for (const file of repository.files) {
    if (!file.startsWith(prefix) || !file.endsWith('.go') || file.endsWith('_test.go')) continue;
    const within = folderOf(file.slice(prefix.length));
    if (!/^(\.|cmd(\/[^/]+)?)$/.test(within) || mains.has(within)) continue;
    const code = (await repository.text(file)) ?? '';
    if (MAIN.test(code) && /^func main\(/m.test(code)) mains.set(within, file);
  }
  for (const [within, file] of mains) {
    const at = { file, line: 1 };
    facts.push({
      kind: 'program',
      folder,
      name: within === '.' || within === 'cmd' ? baseName(folder) : baseName(within),
      at,
      command: { value: ['go', 'run', within === '.' ? '.' : `./${within}`], at, guess: true },
      serves: true,
      rank: 4,
      group: `go:${within}`,
    });
  }
  return facts;
}
