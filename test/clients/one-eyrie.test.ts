import { finding } from './scenarios/finding.ts';
import { members } from './scenarios/members.ts';
import { messages } from './scenarios/messages.ts';
import { resumption } from './scenarios/resumption.ts';
import { sliding } from './scenarios/sliding.ts';
import { threads } from './scenarios/threads.ts';
import { useWorld } from './support/world.ts';

const world = useWorld('Eyrie');
finding(world);
members(world);
messages(world);
resumption(world);
sliding(world);
threads(world);
