import { integer, withDefault } from '@stack/runtime/configuration';
import { runService } from '@stack/runtime/service';
import manifest from '../package.json' with { type: 'json' };
import { DESTINATIONS } from './contracts/events.ts';
import { yourServiceTask } from './contracts/your-service-task.ts';
import { work } from './work.ts';

void runService({
  version: manifest.version,
  configuration: {
    PREFETCH: withDefault(integer({ min: 1, max: 1000 }), '16'),
  },
  async assemble({ configuration, bus }) {
    bus.consume({
      from: { queue: DESTINATIONS.your_service_task.queue },
      type: yourServiceTask,
      prefetch: configuration.PREFETCH,
      handle: work,
    });
  },
});
