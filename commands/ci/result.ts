import { messageOf } from '../../src/errors.ts';
import type { Document } from '../../src/report/index.ts';

/** What a step came to, in a line. */
export function resultOf(documents: readonly Document[]): string {
  const lines = documents.flatMap(lineOf);
  return lines.length === 0 ? 'nothing to do' : lines.join(', ');
}

function lineOf(document: Document): string[] {
  switch (document.kind) {
    case 'error':
      return [`${document.error.code}: ${messageOf(document.error)}`];
    case 'findings':
      return [`${document.about}: ${counted(document.findings.length, 'finding')}`];
    case 'up':
      return [
        `${document.strategy}: ${document.started.length} started, ${document.kept.length} ran already`,
      ];
    case 'flows':
      return [flowsLine(document.flows)];
    case 'score': {
      const { adjusted, max, grade, failures } = document.score;
      const gate = failures.map(({ subject, state }) => `${subject} ${state}`);
      return [`${adjusted} of ${max} (${grade})${gate.length === 0 ? '' : `: ${gate.join(', ')}`}`];
    }
    case 'down':
      return [`${document.stopped.length} ended`];
    default:
      return [];
  }
}

function flowsLine(flows: readonly { name: string; status: string }[]): string {
  const failed = flows.filter(({ status }) => status === 'failed').map(({ name }) => name);
  if (flows.length === 0) return 'no flows';
  if (failed.length === 0) return `${counted(flows.length, 'flow')} passed`;
  return `${failed.length} of ${counted(flows.length, 'flow')} failed: ${failed.join(', ')}`;
}

const counted = (count: number, noun: string) => `${count} ${noun}${count === 1 ? '' : 's'}`;
