import { files } from './scenarios/files.ts';
import { finding } from './scenarios/finding.ts';
import { guests } from './scenarios/guests.ts';
import { members } from './scenarios/members.ts';
import { messages } from './scenarios/messages.ts';
import { people } from './scenarios/people.ts';
import { resumption } from './scenarios/resumption.ts';
import { threads } from './scenarios/threads.ts';
import { useWorld } from './support/world.ts';

const world = useWorld('Eyrie', 'Synapse');
files(world);
finding(world);
guests(world);
members(world);
messages(world);
people(world);
resumption(world);
threads(world);
