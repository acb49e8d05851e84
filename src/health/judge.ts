import { HEALTH_PATH } from '../config/readiness.ts';
import type { HealthProblem, ServiceProblem } from '../model/observation.ts';
import { failedChecks, type HealthAnswer } from './ask.ts';
import { type Holder, holderText } from './holder.ts';

/** The one judgement of a health document: `up`, `status`, `discover`, `score` and `heal` go by it. */
export type HealthJudgement = {
  /** What shows that it is the service: that qbtc runs the process behind it, its name, or nothing. */
  proof: 'process' | 'name' | 'none';
} & ({ healthy: true } | ({ healthy: false; reason: string } & Judged));

interface Judged extends Omit<ServiceProblem, 'kind'> {
  problem: HealthProblem;
}

export interface Expected {
  name: string;
  port: number;
  holder: Holder;
  /** Somebody has named the path of its health document for it: then a page there is meant, too. */
  pathIsNamed?: boolean;
  /** The statuses that are well; those of 2xx where left out. */
  well?: readonly number[];
}

/**
 * Judges what answered. A status of 2xx is well, whatever the document looks like (Kubernetes' probes do the same). Whose
 * process answers decides who it is; the name in the document is evidence, and decides only where that cannot be seen.
 */
export function judgeHealth(
  answer: HealthAnswer,
  { name, port, holder, pathIsNamed, well }: Expected,
): HealthJudgement {
  const { identity, names, status, isPage, path } = answer;
  const isNamed = names.some((each) => sameName(each, name));
  const proof = holder.whose === 'ours' ? 'process' : isNamed ? 'name' : 'none';
  const no = (problem: HealthProblem, reason: string): HealthJudgement & { healthy: false } => ({
    proof: problem === 'stranger' || problem === 'other-name' ? 'none' : proof,
    healthy: false,
    problem,
    ...(status === undefined ? {} : { status }),
    reason,
  });
  if (holder.whose === 'another') {
    const as = identity === undefined || isNamed ? '' : `; it answers as ${identity}`;
    return no('stranger', `port ${port} is held by ${holderText(holder)}, which is not of this stack${as}`);
  }
  if (status === undefined) return no('silent', answer.found);
  if (holder.whose !== 'ours' && identity !== undefined && !isNamed) {
    const pid = holder.pid === undefined ? '' : ` (pid ${holder.pid})`;
    return no('other-name', `port ${port} belongs to ${identity}${pid}`);
  }
  if (well === undefined ? status < 200 || status > 299 : !well.includes(status)) {
    const as = identity === undefined ? '' : ` as ${identity}`;
    const failed = failedChecks(answer);
    const checks = failed.map((check) => `${check.name}: ${check.reason}`).join(', ');
    const judged = no('status', `${path} answers ${status}${as}${checks === '' ? '' : ` (${checks})`}`);
    return failed.some(({ credentialRefused }) => credentialRefused)
      ? { ...judged, credentialRefused: true }
      : judged;
  }
  // A web server answers any path with its page.
  if (isPage && proof === 'none' && pathIsNamed !== true && holder.whose === 'unrun')
    return no('page', `${path} answers ${status} with a page (HTML), which is no health document`);
  return { proof, healthy: true };
}

/** Whether the path of a health document is one that somebody chose: a page there is meant. */
export function namesHealth(path: string): boolean {
  return path !== HEALTH_PATH;
}

/** `LLM API` is the title of `llm-api`. */
function sameName(title: string, name: string): boolean {
  const plain = (text: string) => text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, '');
  return plain(title) === plain(name);
}
