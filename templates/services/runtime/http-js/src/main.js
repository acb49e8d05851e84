import { runService } from '@stack/runtime/service';
import manifest from '../package.json' with { type: 'json' };
import { registerApi } from './api.js';

void runService({
  version: manifest.version,
  configuration: {},
  async assemble({ http }) {
    registerApi(http);
  },
});
