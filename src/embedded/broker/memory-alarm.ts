import { totalmem } from 'node:os';
import { every, type OnFailure } from './guard.ts';

/** RabbitMQ's `vm_memory_high_watermark`, as a part of the machine's memory. */
const PART_OF_MACHINE = 0.4;
const LOOK_EVERY_MS = 1_000;

/**
 * Watches how much memory the broker takes. While it is more than the limit, publishers have to wait until consumers
 * have made room (https://www.rabbitmq.com/docs/memory).
 */
export class MemoryAlarm {
  readonly limitBytes: number;
  raised = false;
  private readonly timer: NodeJS.Timeout;

  constructor(
    limitBytes: number | undefined,
    usedBytes: () => number,
    changed: (raised: boolean) => void,
    failed: OnFailure,
  ) {
    this.limitBytes = limitBytes ?? Math.floor(totalmem() * PART_OF_MACHINE);
    this.timer = every(LOOK_EVERY_MS, failed, () => {
      const raised = usedBytes() > this.limitBytes;
      if (raised === this.raised) return;
      this.raised = raised;
      changed(raised);
    });
    this.timer.unref();
  }

  end(): void {
    clearInterval(this.timer);
  }
}
