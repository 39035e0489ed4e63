import { bots } from './scenarios/bots.ts';
import { finding } from './scenarios/finding.ts';
import { guests } from './scenarios/guests.ts';
import { members } from './scenarios/members.ts';
import { messages } from './scenarios/messages.ts';
import { people } from './scenarios/people.ts';
import { resumption } from './scenarios/resumption.ts';
import { useWorld } from './support/world.ts';

const world = useWorld('Eyrie', 'Eyrie');
bots(world);
finding(world);
guests(world);
members(world);
messages(world);
people(world);
resumption(world);
