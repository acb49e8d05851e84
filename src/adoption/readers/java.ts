import type { Fact, Reader, Repository } from '../fact.ts';
import { baseName, folderOf, inFolder, lineAt } from '../repository.ts';

const BUILD = /^(pom\.xml|build\.gradle(\.kts)?)$/;
/** What a service reaches by these dependencies, and by which name `draft/` knows it. */
const USES: readonly (readonly [RegExp, string])[] = [
  [/spring-boot-starter-amqp|spring-rabbit\b|amqp-client/, 'rabbitmq'],
  [/spring-boot-starter-data-redis|\bjedis\b|lettuce-core/, 'redis'],
  [/\borg\.postgresql\b|r2dbc-postgresql/, 'postgres'],
  [/spring-boot-starter-data-mongodb/, 'mongodb'],
  [/mysql-connector|mariadb-java-client/, 'mysql'],
  [/spring-kafka|kafka-clients/, 'kafka'],
  [/spring-boot-starter-web(flux)?\b/, 'http'],
];
/**
 * Spring Boot takes its properties from variables of their names in capitals ("Externalized Configuration" of its
 * reference), whatever its files say.
 */
const VARIABLES: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  rabbitmq: [
    ['SPRING_RABBITMQ_HOST', 'localhost'],
    ['SPRING_RABBITMQ_PORT', ''],
    ['SPRING_RABBITMQ_USERNAME', ''],
    ['SPRING_RABBITMQ_PASSWORD', ''],
    ['SPRING_RABBITMQ_VIRTUAL_HOST', ''],
  ],
  redis: [
    ['SPRING_DATA_REDIS_HOST', 'localhost'],
    ['SPRING_DATA_REDIS_PORT', ''],
    ['SPRING_DATA_REDIS_PASSWORD', ''],
  ],
  postgres: [
    ['SPRING_DATASOURCE_URL', 'jdbc:postgresql://localhost:5432/app'],
    ['SPRING_DATASOURCE_USERNAME', ''],
    ['SPRING_DATASOURCE_PASSWORD', ''],
  ],
};
const PROPERTIES = ['application.properties', 'application.yml', 'application.yaml'];
const PORT = /^server\.port\s*[=:]\s*(\d{2,5})\s*$|^server:\s*\n(?:[ \t]+.*\n)*?[ \t]+port:\s*(\d{2,5})\b/m;

/** pom.xml and build.gradle: applications of Spring Boot. */
export const java: Reader = {
  name: 'pom.xml and build.gradle',
  async read(repository) {
    const files = repository.files.filter((file) => BUILD.test(baseName(file)));
    return (await Promise.all(files.map((file) => factsOf(repository, file)))).flat();
  },
};

async function factsOf(repository: Repository, file: string): Promise<Fact[]> {
  const text = (await repository.text(file)) ?? '';
  const folder = folderOf(file);
  const main = repository.files.some((each) =>
    each.startsWith(folder === '.' ? 'src/main/' : `${folder}/src/main/`),
  );
  const boot = /spring-boot|org\.springframework\.boot/.exec(text);
  // The parent of several modules starts nothing itself.
  if (boot === null || !main) return [];
  const facts: Fact[] = [];
  const used = new Set<string>();
  const at = (index: number) => ({ file, line: lineAt(text, index) });
  for (const [pattern, what] of USES) {
    const found = pattern.exec(text);
    if (found === null) continue;
    used.add(what);
    facts.push({ kind: 'uses', folder, at: at(found.index), what });
    for (const [name, value] of VARIABLES[what] ?? [])
      facts.push({
        kind: 'variable',
        folder,
        name,
        value: { value, at: at(found.index), guess: true },
        rank: value === '' ? 5 : 4,
      });
  }
  const place = at(boot.index);
  if (used.has('http')) {
    const port = await portOf(repository, folder);
    facts.push({ kind: 'reads-port', folder, at: place, variable: 'SERVER_PORT' });
    facts.push({
      kind: 'variable',
      folder,
      name: 'SERVER_PORT',
      value: port ?? { value: '8080', at: place, guess: true },
      rank: 3,
    });
  }
  const actuator = text.indexOf('spring-boot-starter-actuator');
  if (actuator >= 0)
    facts.push({
      kind: 'health',
      folder,
      health: { value: { path: '/actuator/health' }, at: at(actuator), guess: true },
      rank: 3,
    });
  facts.push({
    kind: 'program',
    folder,
    name: baseName(folder),
    at: place,
    command: { value: commandOf(repository, file), at: place, guess: true },
    serves: true,
    rank: 4,
    group: 'java',
  });
  return facts;
}

/** Through the wrapper that stands beside it or above it: it brings its own Maven or Gradle. */
function commandOf(repository: Repository, file: string): string[] {
  const isMaven = baseName(file) === 'pom.xml';
  const wrapper = isMaven ? 'mvnw' : 'gradlew';
  const folder = folderOf(file);
  const depth = folder === '.' ? 0 : folder.split('/').length;
  for (let up = 0; up <= depth; up += 1) {
    const path = `${up === 0 ? './' : '../'.repeat(up)}${wrapper}`;
    const there = inFolder(folder, path);
    if (there !== undefined && repository.has(there)) return [path, isMaven ? 'spring-boot:run' : 'bootRun'];
  }
  return isMaven ? ['mvn', 'spring-boot:run'] : ['gradle', 'bootRun'];
}

async function portOf(repository: Repository, folder: string) {
  for (const name of PROPERTIES) {
    const file = `${folder === '.' ? '' : `${folder}/`}src/main/resources/${name}`;
    const text = (await repository.text(file)) ?? '';
    const found = PORT.exec(text);
    if (found !== null)
      return {
        value: found[1] ?? found[2] ?? '',
        at: { file, line: lineAt(text, found.index + found[0].lastIndexOf('port')) },
      };
  }
  return undefined;
}
