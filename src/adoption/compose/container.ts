import { isRecord } from '../../record.ts';
import type { UnitFact } from '../fact.ts';
import { inFolder } from '../repository.ts';
import { wordsOf } from '../words.ts';
import type { Lost, UnitSource } from './unit.ts';
import { listOf } from './values.ts';

/** What a compose file says of a container that has no other counterpart. */
export function readContainer(
  { yaml, name, folder, service }: UnitSource,
  lost: Lost,
): NonNullable<UnitFact['container']> {
  const place = (...path: (string | number)[]) => yaml.at(['services', name, ...path]);
  const command = lineOf(service.command);
  const entrypoint = lineOf(service.entrypoint);
  const check =
    isRecord(service.healthcheck) && service.healthcheck.disable !== true ? service.healthcheck : {};
  const health = testOf(check.test);
  const volumes = listOf(service.volumes).flatMap((each, index) => {
    const written = volumeOf(each, folder);
    if (written === undefined) {
      lost(`volumes: ${JSON.stringify(each)}`, 'a volume in the short form', 'volumes', index);
      return [];
    }
    return [{ value: written, at: place('volumes', index) }];
  });
  return {
    volumes,
    ...(command === undefined ? {} : { command: { value: command, at: place('command') } }),
    ...(entrypoint === undefined ? {} : { entrypoint: { value: entrypoint, at: place('entrypoint') } }),
    ...(health === undefined ? {} : { health: { value: health, at: place('healthcheck', 'test') } }),
  };
}

/** The words of a command line; what a list says as it stands there. */
function lineOf(value: unknown): string[] | undefined {
  const words = Array.isArray(value)
    ? value.map(String)
    : typeof value === 'string'
      ? (wordsOf(value) ?? value.trim().split(/\s+/))
      : undefined;
  return words === undefined || words.length === 0 ? undefined : words;
}

/** A health check as a command that is run in the container. */
function testOf(test: unknown): string[] | undefined {
  if (typeof test === 'string' && test.trim() !== '') return ['sh', '-c', test];
  if (!Array.isArray(test)) return undefined;
  const [how, ...words] = test.map(String);
  if (how === 'CMD-SHELL' && words.length > 0) return ['sh', '-c', words.join(' ')];
  return how === 'CMD' && words.length > 0 ? words : undefined;
}

/** A volume in the short form; a path of the repository begins at its root. `undefined` for what has no such form. */
function volumeOf(written: unknown, folder: string): string | undefined {
  if (isRecord(written)) {
    const { type, source, target, read_only } = written;
    if ((type !== 'volume' && type !== 'bind') || typeof target !== 'string') return undefined;
    const end = read_only === true ? ':ro' : '';
    return typeof source === 'string' ? volumeOf(`${source}:${target}${end}`, folder) : target;
  }
  if (typeof written !== 'string') return undefined;
  const [source = '', ...rest] = written.split(':');
  if (!source.startsWith('.') || rest.length === 0) return written;
  const path = inFolder(folder, source);
  return path === undefined ? undefined : [`./${path}`, ...rest].join(':');
}
