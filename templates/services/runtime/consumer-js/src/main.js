import { integer, withDefault } from '@stack/runtime/configuration';
import { runService } from '@stack/runtime/service';
import manifest from '../package.json' with { type: 'json' };
import { QUEUE, yourServiceTask } from './contracts/your-service-task.js';
import { work } from './work.js';

void runService({
  version: manifest.version,
  configuration: {
    PREFETCH: withDefault(integer({ min: 1, max: 1000 }), '16'),
  },
  async assemble({ configuration, bus }) {
    bus.consume({
      from: { queue: QUEUE },
      type: yourServiceTask,
      prefetch: configuration.PREFETCH,
      handle: work,
    });
  },
});
