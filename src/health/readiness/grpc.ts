import { holderOfPort, strangerAt } from '../at-port.ts';
import { askGrpcHealth } from '../grpc-health.ts';
import { type ReadinessProbe, silent } from '../readiness.ts';

/** It serves, as the health protocol of gRPC tells. */
export const grpc: ReadinessProbe<'grpc'> = {
  async ask(_, { service }, instance) {
    const { url, timeoutMs } = instance;
    if (url === undefined) return silent('it listens nowhere');
    const answer = await askGrpcHealth(url, service, timeoutMs);
    if (answer.kind === 'silent') return silent(answer.reason);
    const stranger = strangerAt(instance, await holderOfPort(instance));
    if (stranger !== undefined) return stranger;
    const what = service === '' ? 'the server' : service;
    switch (answer.kind) {
      case 'serving':
        return { ready: true, found: { grpc: 'SERVING' } };
      case 'status':
        return { ready: false, reason: `${what} is ${answer.status}`, problem: { kind: 'status' } };
      case 'refused':
        return {
          ready: false,
          reason: `grpc.health.v1 answers ${answer.code}${answer.message === '' ? '' : `: ${answer.message}`}`,
          problem: { kind: 'status' },
        };
    }
  },
};
