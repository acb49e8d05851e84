import { relative } from 'node:path';
import { parseStackDocument } from '../config/document.ts';
import { expectation, schemaMistakes } from '../config/issues.ts';
import { formatMistake, inFileOrder, type Mistake } from '../config/mistake.ts';
import { QbtcError } from '../errors.ts';
import type { Stack } from '../model/stack.ts';
import { readTextFile, unreadable } from '../text-file.ts';
import type { Flow } from './flow.ts';
import { type FlowFile, flowFileSchema } from './flow-file.ts';
import { ruleMistakes } from './rules.ts';
import { STEPS, type StepKindName } from './step-registry.ts';

/**
 * Reads the flow files of the stack.
 *
 * @throws QbtcError `FLOW_INVALID` with every mistake of every file, each with file:line:column; `FLOW_UNREADABLE`
 */
export async function loadFlows(stack: Stack): Promise<Flow[]> {
  const read = await Promise.all(
    stack.flowFiles.map(async (file) => ({ file, ...parseFlow(file, await readText(file), stack) })),
  );
  const lines = read.flatMap(({ file, mistakes }) =>
    inFileOrder(mistakes).map((mistake) => formatMistake(relative(stack.root, file), mistake)),
  );
  const flows = read.map(({ flow }) => flow).filter((flow) => flow !== undefined);
  lines.push(...sameNames(flows, stack));
  if (lines.length > 0) {
    throw new QbtcError(
      'FLOW_INVALID',
      `the flows have ${lines.length === 1 ? 'a mistake' : `${lines.length} mistakes`}`,
      {
        details: lines,
        hint: 'docs/flows.md describes the format',
      },
    );
  }
  return flows;
}

async function readText(file: string): Promise<string> {
  try {
    return await readTextFile(file);
  } catch (error) {
    throw unreadable('FLOW_UNREADABLE', file, error);
  }
}

/** One flow file, or what is wrong with it. */
export function parseFlow(
  file: string,
  text: string,
  stack: Stack,
): { flow: Flow | undefined; mistakes: Mistake[] } {
  const document = parseStackDocument(text, { exactNumbers: true });
  if (!document.usable) return { flow: undefined, mistakes: document.mistakes };
  const parsed = flowFileSchema.safeParse(document.data, { error: expectation });
  if (!parsed.success) {
    const mistakes = schemaMistakes(flowFileSchema, parsed.error.issues, document.data, document);
    return { flow: undefined, mistakes: [...document.mistakes, ...mistakes] };
  }
  const flow = toFlow(parsed.data, file);
  return { flow, mistakes: [...document.mistakes, ...ruleMistakes(flow, document, stack)] };
}

function toFlow({ steps, ...header }: FlowFile, file: string): Flow {
  return {
    ...header,
    file,
    steps: steps.map(({ kind: name, hop, capture, ...own }) => {
      const kind = STEPS[name as StepKindName];
      return { hop, capture, kind, prepared: kind.prepare(own) };
    }),
  };
}

/** `qbtc test --only NAME` must mean one flow. */
function sameNames(flows: Flow[], stack: Stack): string[] {
  return flows.flatMap(({ name, file }, index) => {
    const other = flows.slice(0, index).find((candidate) => candidate.name === name);
    if (!other) return [];
    const [here, there] = [file, other.file].map((path) => relative(stack.root, path));
    return [`${here}:1:1 name: found "${name}", expected a name of its own; ${there} has it, too`];
  });
}
