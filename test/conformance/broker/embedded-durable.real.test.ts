import { embeddedConformance } from './embedded.ts';

embeddedConformance('the embedded broker with a data folder', true);
