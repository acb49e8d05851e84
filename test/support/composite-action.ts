import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CHECKOUT, type Ended } from './qbtc.ts';

export interface CompositeStep {
  name: string;
  id?: string;
  if?: string;
  uses?: string;
  with?: Record<string, string>;
  env?: Record<string, string>;
  shell?: string;
  run?: string;
  'working-directory'?: string;
}

export interface CompositeAction {
  name: string;
  description: string;
  inputs: Record<string, { description: string; default: string }>;
  outputs: Record<string, { description: string; value: string }>;
  runs: { using: string; steps: CompositeStep[] };
}

export async function readAction(): Promise<CompositeAction> {
  return parse(await readFile(join(CHECKOUT, 'action.yml'), 'utf8')) as CompositeAction;
}

/** Fills expressions in as the runner does: as text, before any shell sees them. */
function filled(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(/\$\{\{\s*(.+?)\s*\}\}/g, (_, expression: string) => {
    const value = values[expression];
    if (value === undefined) throw new Error(`nothing is known of ${expression}`);
    return value;
  });
}

/** Runs one step of the action that is a script, in the way that the runner starts bash. */
export async function runStep(
  name: string,
  given: Readonly<Record<string, string>>,
  { cwd, env }: { cwd: string; env: Readonly<Record<string, string>> },
): Promise<Ended> {
  const { inputs, runs } = await readAction();
  const step = runs.steps.find((each) => each.name === name);
  if (step?.run === undefined) throw new Error(`no step ${name} with a script`);
  const values: Record<string, string> = { 'github.action_path': CHECKOUT };
  for (const [input, { default: standard }] of Object.entries(inputs))
    values[`inputs.${input}`] = given[input] ?? standard;
  const own = Object.fromEntries(
    Object.entries(step.env ?? {}).map(([variable, text]) => [variable, filled(text, values)]),
  );
  const folder = join(cwd, filled(step['working-directory'] ?? '.', values));
  const script = filled(step.run, values);
  return new Promise((resolve, reject) => {
    execFile(
      'bash',
      ['--noprofile', '--norc', '-eo', 'pipefail', '-c', script],
      { cwd: folder, env: { ...process.env, ...env, ...own }, maxBuffer: 64 * 1024 * 1024, timeout: 240_000 },
      (error, stdout, stderr) => {
        if (error !== null && typeof error.code !== 'number') reject(error);
        else resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      },
    );
  });
}
