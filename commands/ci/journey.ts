import type { Context } from '../../src/context.ts';
import { EXIT } from '../../src/errors.ts';
import { openStackHere } from '../../src/lifecycle/open.ts';
import type { CiStep, CiStepName } from '../../src/model/ci.ts';
import type { Strategy } from '../../src/model/resource.ts';
import type { Stack } from '../../src/model/stack.ts';
import { type OperationName, type Outcome, runOperation } from '../../src/operations/index.ts';
import type { DocumentOf } from '../../src/report/index.ts';
import { asQbtcError, type Document, noticesIn } from '../../src/report/index.ts';
import { collect } from './collect.ts';
import { openReport, type ReportFolder } from './folder.ts';
import { tellGitHub } from './github.ts';
import { resultOf } from './result.ts';

export interface CiOptions {
  report: string;
  strategy?: Strategy;
  timeout: number;
  tag?: string;
  min?: number;
  strict?: boolean;
  regression: boolean;
  down?: boolean;
  github?: boolean;
}

/** A step with what it told. */
interface Taken {
  step: CiStep;
  documents: Document[];
}

type Asked = readonly [OperationName, object];

/** Does the steps one after the other, as far as those before have left them anything to do, and writes the report. */
export async function runCi(context: Context, options: CiOptions): Promise<Outcome<'ci'>> {
  const report = await openReport(context, options.report);
  const taken: Taken[] = [];
  const take = async (name: CiStepName, asked: () => Promise<readonly Asked[]>) => {
    const one = await inGroup(context, options, name, () => takeStep(context, name, asked));
    taken.push(one);
    return one.step.outcome === 'passed';
  };
  const skip = (name: CiStepName, result: string) =>
    taken.push({ step: { name, outcome: 'skipped', exit: EXIT.done, tookMs: 0, result }, documents: [] });

  const { strategy, timeout, tag, min, strict, regression } = options;
  let readable = false;
  await take('lint', async () => {
    const stack = await openStackHere(context, { readOnly: true });
    readable = true;
    return lintsOf(stack, strict);
  });
  if (readable) {
    const runs = await take('up', async () => [['up', { strategy, timeout }]]);
    if (runs) await take('test', async () => [['test', { tag }]]);
    else skip('test', 'the stack did not come up');
    // A stack that is half up has a score, too: it says what keeps it.
    await take('score', async () => [['score', { min, strict, regression }]]);
  } else for (const name of ['up', 'test', 'score'] as const) skip(name, 'qbtc.yaml could not be read');

  const passed = () => taken.every(({ step }) => step.outcome !== 'failed');
  if (!passed()) await inGroup(context, options, 'collect', () => collect(context, report));
  if (options.down === true && readable) await take('down', async () => [['down', {}]]);
  return { document: await tell(context, options, report, taken, passed()), exit: exitOf(taken) };
}

/** What can be judged without anything running; of what the stack does not declare there is nothing to judge. */
function lintsOf(stack: Stack, strict = false): Asked[] {
  const { services, gateway, topologyFiles, contractFolders } = stack;
  const routed = services.some(({ routes }) => routes.length > 0) || gateway.objects.length > 0;
  return [
    ...(routed ? [['routes lint', { strict }] as const] : []),
    ...(topologyFiles.length > 0 ? [['topology check', { strict }] as const] : []),
    ...(contractFolders.length > 0 ? [['events validate', {}] as const] : []),
  ];
}

async function takeStep(
  context: Context,
  name: CiStepName,
  asked: () => Promise<readonly Asked[]>,
): Promise<Taken> {
  const begun = context.clock.monotonic();
  const documents: Document[] = [];
  let exit: number = EXIT.done;
  try {
    for (const [operation, input] of await asked()) {
      const outcome = await runOperation(context, operation, input, async () => () => {});
      if (outcome.document !== undefined) documents.push(outcome.document);
      exit ||= outcome.exit ?? EXIT.done;
    }
  } catch (thrown) {
    // Who interrupts wants no report.
    if (context.interrupted.aborted) throw thrown;
    const error = asQbtcError(thrown);
    documents.push({ kind: 'error', error });
    exit = error.exit;
  }
  context.io.progress.stop();
  const tookMs = context.clock.monotonic() - begun;
  const outcome = exit === EXIT.done ? 'passed' : 'failed';
  return { step: { name, outcome, exit, tookMs, result: resultOf(documents) }, documents };
}

/** GitHub folds what stands between the two lines. */
async function inGroup<Result>(
  { io }: Context,
  { github }: CiOptions,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> {
  io.err(github === true ? `::group::qbtc ${name}` : `── ${name}`);
  try {
    return await work();
  } finally {
    if (github === true) io.err('::endgroup::');
  }
}

async function tell(
  context: Context,
  options: CiOptions,
  report: ReportFolder,
  taken: readonly Taken[],
  passed: boolean,
): Promise<DocumentOf<'ci'>> {
  for (const { step, documents } of taken) await report.addStep(step.name, documents);
  const documents = taken.flatMap((each) => each.documents);
  const flows = documents.flatMap((each) => (each.kind === 'flows' ? each.flows : []));
  const scored = documents.find((each) => each.kind === 'score');
  const failed = flows.filter(({ status }) => status === 'failed').length;
  const document: DocumentOf<'ci'> = {
    kind: 'ci',
    passed,
    steps: taken.map(({ step }) => step),
    ...(scored === undefined ? {} : { score: scoreIn(scored) }),
    flows: { passed: flows.length - failed, failed },
    notices: (await Promise.all(documents.map(noticesIn))).flat(),
    report: options.report,
    files: [],
  };
  const summary = await report.finish(document, scored);
  if (options.github === true) await tellGitHub(context, document, summary);
  return document;
}

function scoreIn({ score }: DocumentOf<'score'>): NonNullable<DocumentOf<'ci'>['score']> {
  const { total, max, adjusted, grade, profile } = score;
  return { total, max, adjusted, grade, profile };
}

/** That of the first step that failed. */
function exitOf(taken: readonly Taken[]): number {
  return taken.find(({ step }) => step.outcome === 'failed')?.step.exit ?? EXIT.done;
}
