import { expect, test } from 'vitest';
import { mainlineOrder } from '../../../src/matrix/state-res/mainline-order.ts';
import { mainlineOf } from '../../../src/matrix/state-res/mainline.ts';
import { WorkBudget } from '../../../src/matrix/state-res/work-budget.ts';
import { authGraph, idOf, type Sketch } from './auth-graph.ts';

const levels = (...auth: readonly string[]) => ({ type: 'm.room.power_levels', stateKey: '', auth });
const topic = (originServerTs: number, ...auth: readonly string[]) => ({ type: 'm.room.topic', originServerTs, auth });

function orderOf(sketch: Sketch, powerLevels: string | undefined, names: readonly string[]): string[] {
  const { source } = authGraph(sketch);
  const work = new WorkBudget(1_000);
  const mainline = mainlineOf(powerLevels === undefined ? undefined : idOf(powerLevels), source, work);
  const list = names.map((name) => source(idOf(name))).filter((event) => event !== undefined);
  return mainlineOrder(list, mainline, source, work).map(({ eventId }) => eventId.slice(1));
}

test('what rests on earlier power levels of the mainline comes first, what rests on none before all', () => {
  const sketch = {
    p1: levels(),
    p2: levels('p1'),
    p3: levels('p2'),
    t1: topic(9, 'p1'),
    t2: topic(5, 'p2'),
    t3: topic(1, 'p3'),
    none: topic(99),
  };
  expect(orderOf(sketch, 'p3', ['t3', 't2', 't1', 'none'])).toEqual(['none', 't1', 't2', 't3']);
});

test('power levels beside the mainline count as those that they rest on', () => {
  const sketch = {
    p1: levels(),
    p2: levels('p1'),
    side: levels('p1'),
    further: levels('side'),
    t1: topic(1, 'further'),
    t2: topic(2, 'p2'),
    t3: topic(3, 'p1'),
  };
  expect(orderOf(sketch, 'p2', ['t1', 't2', 't3'])).toEqual(['t1', 't3', 't2']);
});

test('power levels of the mainline themselves stand where those before them stand', () => {
  const sketch = { p1: levels(), p2: levels('p1'), t1: topic(0, 'p2') };
  expect(orderOf(sketch, 'p2', ['t1', 'p2', 'p1'])).toEqual(['p1', 'p2', 't1']);
});

test('without power levels the clock decides, then the ID', () => {
  const sketch = { p1: levels(), a: topic(2, 'p1'), b: topic(1), c: topic(2) };
  expect(orderOf(sketch, undefined, ['c', 'a', 'b'])).toEqual(['b', 'a', 'c']);
});

test('power levels that forged auth events lead round in a ring end the walk', () => {
  const sketch = { p1: levels('p2'), p2: levels('p1'), p3: levels(), t1: topic(1, 'p1'), t2: topic(2, 'p2') };
  expect(orderOf(sketch, 'p3', ['t2', 't1'])).toEqual(['t1', 't2']);
  expect(orderOf(sketch, 'p1', ['t1', 't2'])).toEqual(['t2', 't1']);
});
