import { InvalidArgumentError } from 'commander';
import { MAX_PORT } from '../../src/config/ports.ts';
import { SOURCE_NAMES, type SourceName } from '../../src/model/discovery.ts';
import { checkTogether } from '../options/together.ts';

export interface Options {
  source?: SourceName[];
  portRange?: { first: number; last: number };
  host?: string;
  scan?: boolean;
  all?: boolean;
  explain?: string;
  register?: boolean;
  dryRun?: boolean;
  include?: string[];
  watch?: boolean;
  json?: boolean;
}

/** `docker,ports` */
export function sourceNames(text: string): SourceName[] {
  const names = text.split(',').map((name) => name.trim());
  const unknown = names.find((name) => !(SOURCE_NAMES as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new InvalidArgumentError(`found "${unknown}", expected one of ${SOURCE_NAMES.join(', ')}.`);
  return names as SourceName[];
}

/** `8000-8999`, or one port. */
export function portRange(text: string): { first: number; last: number } {
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === undefined || first < 1 || last > MAX_PORT || first > last)
    throw new InvalidArgumentError(
      `found "${text}", expected a range such as 8000-8999, from 1 to ${MAX_PORT}.`,
    );
  return { first, last };
}

/** @throws QbtcError `USAGE` for options that mean nothing together */
export function checkOptions({ register, dryRun, include, watch, explain, all }: Options): void {
  checkTogether('discover', [
    dryRun === true && !register && '--dry-run says what --register would do',
    dryRun === true && watch === true && '--dry-run looks once, --watch goes on',
    include !== undefined && !register && '--include says what --register takes in',
    include !== undefined && watch === true && '--include is for one registration, --watch goes on',
    explain !== undefined && (register || watch) === true && '--explain tells of one look',
    all === true && (register || watch) === true && '--all lists what one look found',
  ]);
}
