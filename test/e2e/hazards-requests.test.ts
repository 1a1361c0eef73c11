import { REQUESTS } from './hazards/requests.ts';
import { testHazards } from './hazards/play.ts';

testHazards(REQUESTS);
