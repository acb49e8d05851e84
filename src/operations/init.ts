import * as z from 'zod';
import { applyAdoption, planAdoption, writeSeen } from '../adoption/index.ts';
import type { Context } from '../context.ts';
import { diagnose } from '../doctor/index.ts';
import { messageOf } from '../errors.ts';
import { openStackHere } from '../lifecycle/open.ts';
import { probe } from '../lifecycle/probe.ts';
import type { AdoptedFile, Adoption, Obstacle, Seen } from '../model/adoption.ts';
import { PROBE_TIMEOUT } from './bounds.ts';
import { numberIn, operationOf } from './operation.ts';

export const operation = operationOf({
  effect: 'changes',
  input: {
    dryRun: z.boolean().default(false),
    update: z.boolean().default(false),
    probe: z.boolean().default(false),
    timeout: numberIn(PROBE_TIMEOUT).default(PROBE_TIMEOUT.default),
  },
  documents: ['adoption'],
  // There is no stack yet.
  open: async (context) => ({ root: context.cwd }),
  async run(context, { root }, { dryRun, update, probe: probes, timeout }) {
    let plan = await planAdoption({ root, update });
    if (!dryRun) await applyAdoption(root, plan);
    let seen: Seen[] = [];
    if (probes && !dryRun) {
      seen = await probe(context, await openStackHere(context), { timeoutMs: timeout * 1000 });
      await writeSeen(root, seen);
      const { files } = plan;
      plan = await planAdoption({ root, update: true });
      await applyAdoption(root, plan);
      plan.files = sinceBefore(files, plan.files);
    }
    const { draft, files, kept, obstacles, losses } = plan;
    return {
      document: {
        kind: 'adoption',
        name: draft.name,
        dryRun,
        services: draft.services.map(({ name, port }) => ({
          name: name.value,
          at: name.at,
          ...(port === undefined ? {} : { port: port.value }),
        })),
        resources: draft.resources.map(({ name, kind }) => ({
          name: name.value,
          at: name.at,
          resource: kind,
        })),
        files,
        kept,
        seen,
        obstacles,
        losses,
        doctor: dryRun ? [] : await whatDoctorSays(context),
        next: nextSteps(plan, dryRun, update),
      },
    };
  },
});

/** What has come of the files since before anything was started. */
function sinceBefore(first: readonly AdoptedFile[], last: readonly AdoptedFile[]): AdoptedFile[] {
  return last.map((file) => {
    const before = first.find(({ path }) => path === file.path)?.change ?? 'unchanged';
    return before === 'unchanged' ? file : { ...file, change: before };
  });
}

/** What stands in the way of `up` on this machine; the stack that was written is opened as every command opens it. */
async function whatDoctorSays(context: Context): Promise<Adoption['doctor']> {
  try {
    const stack = await openStackHere(context, { readOnly: true });
    const { checks } = await diagnose(context, stack, true);
    return checks
      .filter(({ status }) => status === 'fail' || status === 'warning')
      .map(({ name, status, found, fix }) => ({ name, status, found, fix }));
  } catch (error) {
    return [{ name: 'qbtc.yaml', status: 'fail', found: messageOf(error), fix: null }];
  }
}

function nextSteps(
  { draft, obstacles, files }: Awaited<ReturnType<typeof planAdoption>>,
  dryRun: boolean,
  update: boolean,
): Adoption['next'] {
  if (dryRun) return [{ command: `qbtc init${update ? ' --update' : ''}`, why: 'writes it' }];
  const before = (which: Obstacle['code']) => [
    ...new Set(obstacles.filter(({ code }) => code === which).map(({ fix }) => fix)),
  ];
  return [
    ...draft.imports.map(({ form, file }) => ({
      command: form === 'rabbitmq' ? `qbtc topology import ${file}` : `qbtc routes import ${form} ${file}`,
      why: form === 'rabbitmq' ? 'takes over exchanges, queues and bindings' : 'takes over the routes',
    })),
    ...before('not-installed').map((command) => ({ command, why: 'installs what services need' })),
    ...before('not-built').map((command) => ({ command, why: 'builds what services run' })),
    { command: 'qbtc up', why: 'starts all of it, and returns when it is healthy' },
    ...(files.length > 1 ? [{ command: 'qbtc test', why: 'carries out the flows that were written' }] : []),
    { command: 'qbtc score', why: 'says what is missing, and the command that mends it' },
  ];
}
