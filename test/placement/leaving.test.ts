import { describe, expect, test } from 'vitest';
import type { InfrastructurePlan } from '../../src/model/placement.ts';
import type { ProviderName } from '../../src/model/resource.ts';
import { leavingContainers, leavingProcesses } from '../../src/placement/leaving.ts';
import type { ContainerStatus } from '../../src/runtimes/containers/containers.ts';
import type { ProcessStatus } from '../../src/runtimes/processes/protocol.ts';
import { service } from '../flow/chain.ts';
import { emptyStack, postgresResource } from '../support/stack.ts';

const stack = emptyStack('/stack', { resources: [postgresResource(5432)], services: [service('api', 8000)] });

function plan(provider: ProviderName, runs: 'process' | 'container'): InfrastructurePlan {
  return {
    strategy: 'hybrid',
    choices: [{ resource: 'database', provider, reason: '', loss: '' }],
    services: [{ service: 'api', runs, reason: '' }],
  };
}

function running(name: string, ports: number[], partOf?: string): ProcessStatus {
  return {
    name,
    ...(partOf === undefined ? {} : { partOf }),
    pid: 4242,
    startTime: '1',
    state: 'running',
    reason: '',
    restarts: 0,
    kept: true,
    ports,
    dependsOn: [],
    stopSignal: 'SIGTERM',
    stopsGroup: true,
    stopTimeoutMs: 1,
    fingerprint: '',
  };
}

const names = (processes: readonly { name: string }[]) => processes.map(({ name }) => name);

describe('leavingProcesses', () => {
  const all = [running('database', [5432]), running('api', [8000])];
  const embedded = plan('embedded', 'process');

  test('nothing where all is as it was', () => {
    expect(leavingProcesses(stack, embedded, all, embedded)).toEqual([]);
  });

  test.each<[ProviderName]>([
    ['docker'],
    ['external'],
    ['native'],
  ])('what %s is to provide now', (provider) => {
    expect(names(leavingProcesses(stack, plan(provider, 'process'), all, embedded))).toEqual(['database']);
  });

  test('a service that goes into a container, what is declared no longer, and what gets other ports', () => {
    expect(names(leavingProcesses(stack, plan('embedded', 'container'), all, embedded))).toEqual(['api']);
    const others = [running('old-api', [8100]), running('database', [15432])];
    expect(names(leavingProcesses(stack, embedded, others, embedded))).toEqual(['old-api', 'database']);
  });

  test('a companion comes and goes with its resource', () => {
    const companion = running('database-helper', [7777], 'database');
    const native = plan('native', 'process');
    expect(leavingProcesses(stack, native, [companion], native)).toEqual([]);
    expect(names(leavingProcesses(stack, embedded, [companion], native))).toEqual(['database-helper']);
  });
});

describe('leavingContainers', () => {
  const container = (service: string, state: ContainerStatus['state'] = 'running'): ContainerStatus => ({
    service,
    id: service,
    name: service,
    state,
    exitCode: undefined,
    failed: false,
    health: undefined,
    reason: '',
    startedAt: undefined,
    restarts: 0,
    pid: undefined,
    ports: [],
  });

  test('what runs elsewhere now, with its companions', () => {
    const containers = ['database', 'database-exporter', 'api', 'api', 'old'].map((name) => container(name));
    expect(leavingContainers(plan('docker', 'container'), containers)).toEqual(['old']);
    expect(leavingContainers(plan('embedded', 'container'), containers)).toEqual([
      'database',
      'database-exporter',
      'old',
    ]);
    expect(leavingContainers(plan('docker', 'process'), containers)).toEqual(['api', 'old']);
  });

  test('what has ended already is left alone', () => {
    expect(leavingContainers(plan('embedded', 'process'), [container('old', 'exited')])).toEqual([]);
  });
});
