import { AUTHORIZATIONS } from './hazards/authorizations.ts';
import { testHazards } from './hazards/play.ts';

testHazards(AUTHORIZATIONS);
