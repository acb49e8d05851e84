import { askHealth } from '../ask.ts';
import { holderOfPort } from '../at-port.ts';
import { judgeHealth, namesHealth } from '../judge.ts';
import { type ReadinessProbe, silent } from '../readiness.ts';

/** Its health document answers as it should. */
export const http: ReadinessProbe<'http'> = {
  async ask(context, { path, status: well }, instance) {
    const { url, name, timeoutMs } = instance;
    if (url === undefined) return silent('it listens nowhere');
    const answer = await askHealth(context, `${url}${path}`, timeoutMs);
    const holder = answer.status === undefined ? { whose: 'unseen' as const } : await holderOfPort(instance);
    const judged = judgeHealth(answer, {
      name,
      port: Number(new URL(url).port),
      holder,
      pathIsNamed: namesHealth(path),
      ...(well === undefined ? {} : { well }),
    });
    if (judged.healthy) return { ready: true, found: answer.document ?? { status: answer.status } };
    const { problem: kind, status, credentialRefused, reason } = judged;
    return {
      ready: false,
      reason,
      problem: {
        kind,
        ...(status === undefined ? {} : { status }),
        ...(credentialRefused === undefined ? {} : { credentialRefused }),
      },
    };
  },
};
