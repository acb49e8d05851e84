import { startRounds } from './rounds.ts';
import { Service } from './service.ts';
import { work } from './work.ts';

const service = new Service();
void service.run().then(() => startRounds(work, service));
