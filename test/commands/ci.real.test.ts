import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { qbtc } from '../support/qbtc.ts';
import { sarifMistakes } from '../support/sarif.ts';
import { SMALL_KEY, type SmallStack, smallStack } from '../support/small-stack.ts';

interface Report {
  passed: boolean;
  steps: { name: string; outcome: string; exit: number; result: string }[];
  score: { adjusted: number } | null;
  flows: { passed: number; failed: number };
  files: string[];
}
interface Sarif {
  runs: {
    results: {
      ruleId: string;
      locations: {
        physicalLocation: { artifactLocation: { uri: string }; region: { startLine: number } };
      }[];
    }[];
  }[];
}

const opened: SmallStack[] = [];
const open = async () => {
  const stack = await smallStack();
  opened.push(stack);
  return stack;
};
afterEach(async () => {
  for (const { root } of opened.splice(0)) await qbtc(['down'], root);
});

const ci = (root: string, args: string[] = [], env: Record<string, string> = {}) =>
  qbtc(['ci', '--down', ...args], root, env);
const read = (root: string, file: string) => readFile(join(root, 'qbtc-report', file), 'utf8');
const reportOf = async (root: string) => JSON.parse(await read(root, 'report.json')) as Report;
const outcomes = ({ steps }: Report) => Object.fromEntries(steps.map(({ name, outcome }) => [name, outcome]));
async function sarifOf(root: string): Promise<Sarif> {
  const log = JSON.parse(await read(root, 'qbtc.sarif')) as Sarif;
  expect(sarifMistakes(log)).toEqual([]);
  return log;
}

test('all that passes is in the report, in the forms that CI servers read', async () => {
  const { root } = await open();
  const [summary, outputs] = [join(root, 'summary'), join(root, 'outputs')];
  const { code, stdout, stderr } = await ci(root, ['--github'], {
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_OUTPUT: outputs,
  });
  expect(code, stdout + stderr).toBe(0);
  expect(stderr).toContain('::group::qbtc up');
  expect(stdout).not.toMatch(/^::error/m);

  const report = await reportOf(root);
  expect(outcomes(report)).toEqual({
    lint: 'passed',
    up: 'passed',
    test: 'passed',
    score: 'passed',
    down: 'passed',
  });
  expect(report).toMatchObject({ passed: true, score: { adjusted: 100 }, flows: { passed: 1, failed: 0 } });
  // All that is there is listed, and git takes none of it.
  const there = await readdir(join(root, 'qbtc-report'));
  expect(there.sort()).toEqual([...report.files, '.gitignore'].sort());
  expect(await read(root, '.gitignore')).toBe('*\n');

  expect((await sarifOf(root)).runs[0]?.results).toEqual([]);
  expect(JSON.parse(await read(root, 'code-quality.json'))).toEqual([]);
  expect(await read(root, 'test.xml')).toMatch(/<testsuites name="qbtc" tests="1" failures="0" errors="0"/);
  expect(await read(root, 'score.xml')).toMatch(/failures="0"/);
  expect(await read(root, 'metrics.txt')).toMatch(/^qbtc_score/m);
  expect(await read(root, 'qbtc.env')).toMatch(/^QBTC_SCORE=100\nQBTC_GRADE=A\nQBTC_FLOWS_PASSED=1$/m);

  expect(await readFile(summary, 'utf8')).toBe(`${(await read(root, 'summary.md')).trimEnd()}\n`);
  expect(await readFile(summary, 'utf8')).toMatch(
    /^## ✅ qbtc\n[\s\S]*^## ✅ small: 100\.00 \/ 100\.00 \(A\)/m,
  );
  expect(await readFile(outputs, 'utf8')).toMatch(/^score<<(.*)\n100\n\1\n/m);
});

test('what fails is told at its line, and what a person would ask for is in the report', async () => {
  const stack = await open();
  await stack.breakService();
  const { root } = stack;
  const { code, stdout } = await ci(root, ['--github', '--timeout', '5']);
  const report = await reportOf(root);
  expect(outcomes(report)).toMatchObject({ lint: 'passed', up: 'failed', test: 'skipped', score: 'failed' });
  expect(code).toBe(report.steps.find(({ name }) => name === 'up')?.exit);
  expect(report.passed).toBe(false);

  expect(stdout).toMatch(
    /^::error title=qbtc score INFRA_RESOURCE_ACTIVE -[\d.]+,file=qbtc\.yaml,line=5,col=3::api: /m,
  );
  const at = (await sarifOf(root)).runs[0]?.results.find(({ ruleId }) => ruleId === 'INFRA_RESOURCE_ACTIVE')
    ?.locations[0]?.physicalLocation;
  expect(at).toMatchObject({ artifactLocation: { uri: 'qbtc.yaml' }, region: { startLine: 5 } });
  for (const file of ['status.json', 'doctor.json', 'ports.json', 'traces.json', 'logs/api.log'])
    expect(report.files).toContain(file);

  // Whoever may see the repository may see the report.
  expect(await read(root, 'logs/api.log')).toContain('no, ');
  for (const file of report.files) expect(await read(root, file), file).not.toContain(SMALL_KEY);

  // The next run leaves nothing of this one.
  await stack.write(
    'api.mjs',
    "import { createServer } from 'node:http'; createServer((_, answer) => answer.end('{}')).listen(process.env.PORT);",
  );
  await ci(root);
  const next = await reportOf(root);
  expect(next.passed).toBe(true);
  expect(existsSync(join(root, 'qbtc-report/logs/api.log'))).toBe(false);
});

test('a flow that fails is told at its file, and the score is taken all the same', async () => {
  const stack = await open();
  await stack.breakFlow();
  const { code } = await ci(stack.root);
  expect(code).toBe(2);
  const report = await reportOf(stack.root);
  expect(outcomes(report)).toMatchObject({ up: 'passed', test: 'failed', score: 'failed' });
  expect(report).toMatchObject({ flows: { passed: 0, failed: 1 } });
  const [first] = (await sarifOf(stack.root)).runs[0]?.results ?? [];
  expect(first).toMatchObject({
    ruleId: 'flow-failed',
    locations: [{ physicalLocation: { artifactLocation: { uri: 'flows/health.yaml' } } }],
  });
});

test('a mistake in qbtc.yaml ends the run before anything is started, at its line', async () => {
  const stack = await open();
  await stack.write('qbtc.yaml', 'version: 1\nname: small\nservices:\n  api: { port: x }\n');
  const { code, stdout } = await ci(stack.root, ['--json']);
  expect(code).toBe(1);
  const report = JSON.parse(stdout) as Report;
  expect(report).toEqual(await reportOf(stack.root));
  expect(outcomes(report)).toEqual({ lint: 'failed', up: 'skipped', test: 'skipped', score: 'skipped' });
  const [first] = (await sarifOf(stack.root)).runs[0]?.results ?? [];
  expect(first).toMatchObject({
    ruleId: 'CONFIG_INVALID',
    locations: [{ physicalLocation: { region: { startLine: 4 } } }],
  });
});

test('a score below the bar fails, with the exit code of the score', async () => {
  const stack = await open();
  const declared = await readFile(join(stack.root, 'qbtc.yaml'), 'utf8');
  await stack.write('qbtc.yaml', `${declared}    metrics: /metrics\n`);
  const { code } = await ci(stack.root, ['--min', '100']);
  expect(outcomes(await reportOf(stack.root))).toMatchObject({ test: 'passed', score: 'failed' });
  expect(code).toBe(2);
  expect((await ci(stack.root)).code).toBe(0);
});

test.each([
  ['the stack itself', '.'],
  ['a file', 'qbtc.yaml'],
])('%s is no folder for a report', async (_, folder) => {
  const { root } = await open();
  const before = await readdir(root);
  const { code, stdout } = await ci(root, ['--report', folder, '--json']);
  expect(code).toBe(64);
  expect(JSON.parse(stdout)).toMatchObject({ error: { code: 'REPORT_FOLDER_TAKEN' } });
  expect(await readdir(root)).toEqual(before);
});

test('an index that was changed takes nothing away outside of the folder', async () => {
  const { root } = await open();
  await mkdir(join(root, 'qbtc-report'));
  const files = ['../api.mjs', join(root, 'api.mjs'), '..', '.', '', 7, 'old.txt', '__proto__'];
  await writeFile(join(root, 'qbtc-report/report.json'), JSON.stringify({ files }));
  await writeFile(join(root, 'qbtc-report/old.txt'), '');
  const { code } = await ci(root);
  expect(code).toBe(0);
  expect(existsSync(join(root, 'qbtc-report/old.txt'))).toBe(false);
});

test('outputs of GitHub that cannot be written change nothing', async () => {
  const { root } = await open();
  const { code, stderr } = await ci(root, ['--github'], { GITHUB_OUTPUT: join(root, 'nowhere/outputs') });
  expect(code).toBe(0);
  expect(stderr).toContain('GITHUB_OUTPUT: ');
});
