import { startRounds } from './rounds.js';
import { Service } from './service.js';
import { work } from './work.js';

const service = new Service();
void service.run().then(() => startRounds(work, service));
