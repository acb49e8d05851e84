import { join } from 'node:path';
import * as z from 'zod';
import { boundedLines } from '../bounded-lines.ts';
import { conditionSchema, jsonConditionsSchema, jsonMismatches, mismatch } from '../conditions.ts';
import { durationSchema, formatDuration } from '../duration.ts';
import { parsedJson } from '../json-path.ts';
import { defineStepKind, type FlowContext } from '../step-kind.ts';

/** Runs a program in the folder of the stack, without a shell, with `CORRELATION_ID` in its environment. */
export const exec = defineStepKind({
  acts: true,
  shape: {
    /** The program and its arguments. */
    run: z.array(z.string()).min(1, { error: 'a program and its arguments' }),
    env: z.record(z.string(), z.string()).default({}),
    expect: z
      .strictObject({
        exit: conditionSchema.default(0),
        stdout: conditionSchema.optional(),
        stderr: conditionSchema.optional(),
        /** On the output, where that is JSON. */
        json: jsonConditionsSchema.optional(),
      })
      .default({ exit: 0 }),
    within: durationSchema.default(10_000),
  },
  prepare: ({ run: template, env, expect: expectation, within }) => ({
    async run(scope) {
      const [program = '', ...words] = scope.fill(template);
      const expected = scope.fill(expectation);
      const { clock, exec: execute } = scope.context;
      scope.actedAt = clock.monotonic();
      const [file, ...args] = commandLine(scope.context, program, words);
      const { exitCode, stdout, stderr, notFound, timedOut } = await execute(file, args, {
        cwd: scope.stack.root,
        env: { ...scope.fill(env), CORRELATION_ID: scope.correlationId },
        timeoutMs: within,
        signal: scope.signal,
      });
      if (notFound) return { status: 'failed', evidence: `there is no program ${program}` };
      if (timedOut)
        return { status: 'failed', evidence: `${program} did not end within ${formatDuration(within)}` };
      const document = parsedJson(stdout);
      const reasons = [
        mismatch('its exit code', exitCode, expected.exit),
        expected.stdout === undefined ? undefined : mismatch('its output', stdout.trimEnd(), expected.stdout),
        expected.stderr === undefined ? undefined : mismatch('its error output', stderr, expected.stderr),
        ...jsonMismatches(document, expected.json),
      ].filter((reason) => reason !== undefined);
      if (reasons.length > 0) {
        const said = [stdout, stderr].filter((text) => text.trim() !== '');
        const details = said.length === 0 ? ['it wrote nothing'] : said.flatMap(boundedLines);
        const last = (stderr || stdout).trim().split('\n').at(-1) ?? '';
        const evidence = [...reasons, last].filter((text) => text !== '').join('; ');
        return { status: 'failed', evidence, details };
      }
      return {
        status: 'passed',
        seenAt: clock.monotonic(),
        evidence: `${program} ended with ${exitCode}`,
        document: document ?? { stdout, stderr },
      };
    },
  }),
});

/** `qbtc` is the one that runs the flow, wherever it is installed. */
function commandLine(
  { installation }: Pick<FlowContext, 'installation'>,
  program: string,
  words: readonly string[],
): [string, ...string[]] {
  if (program !== 'qbtc') return [program, ...words];
  return [process.execPath, join(installation.root, 'bin', 'qbtc.js'), ...words];
}
