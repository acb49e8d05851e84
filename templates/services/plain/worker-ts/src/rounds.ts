import { correlationIdOf, log, reasonOf, type Service } from './service.ts';

/**
 * Does the work again and again, never twice at a time: the next round begins so long after the last one is over. Each
 * has a correlation id of its own. One that fails is told and counted, and the next one is tried all the same.
 */
export function startRounds(
  work: (signal: AbortSignal, correlationId: string) => Promise<void>,
  service: Service,
  everyMs = Number(process.env.EVERY_MS || 10_000),
): void {
  const ending = new AbortController();
  let failure: string | undefined;
  let timer: NodeJS.Timeout | undefined;

  const round = async () => {
    const correlationId = correlationIdOf(undefined);
    const began = performance.now();
    try {
      await work(ending.signal, correlationId);
      failure = undefined;
      log('info', 'did a round', { ms: Math.round(performance.now() - began) }, correlationId);
    } catch (error) {
      if (ending.signal.aborted) return;
      failure = reasonOf(error);
      log('error', 'a round failed', { error: failure }, correlationId);
    }
    const outcome = failure === undefined ? 'done' : 'failed';
    service.metrics.count('your_service_rounds_total', 'Rounds of work, by their outcome', { outcome });
    if (ending.signal.aborted) return;
    timer = setTimeout(() => {
      present = round();
    }, everyMs);
  };
  let present = round();

  const check = () => {
    if (failure !== undefined) throw new Error(`the last round failed: ${failure}`);
  };
  service.health.add('rounds', check, 'degraded');
  service.onEnd('rounds', async () => {
    ending.abort();
    clearTimeout(timer);
    await present;
  });
}
