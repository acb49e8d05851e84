import { runService } from '@stack/runtime/service';
import manifest from '../package.json' with { type: 'json' };
import { registerApi } from './api.ts';

void runService({
  version: manifest.version,
  configuration: {},
  async assemble({ http }) {
    registerApi(http);
  },
});
