import { expect, test } from 'vitest';

import { isSought, wordsOf, writtenWords } from '../../../src/matrix/discovery/words.ts';

test('words differ neither by case, nor by accents, nor by how letters are composed', () => {
  expect(wordsOf('The Café, NAÏVE')).toEqual(['the', 'cafe', 'naive']);
  expect(wordsOf('cafe\u0301')).toEqual(wordsOf('caf\u00e9'));
  expect(wordsOf('Ｆｕｌｌ')).toEqual(['full']);
  expect(wordsOf('ПРИВЕТ мир')).toEqual(['привет', 'мир']);
  expect(wordsOf('한국어')).toEqual(['한국어']);
});

test('languages without spaces have words', () => {
  expect(wordsOf('我们明天去北京开会')).toContain('北京');
  expect(wordsOf('東京に住んでいます')).toContain('東京');
  expect(wordsOf('ภาษาไทยไม่มีช่องว่าง')).toContain('ไทย');
});

test('punctuation, also within what Unicode calls a word, is none of it', () => {
  expect(wordsOf("can't stop: foo_bar, a.b (naïve)")).toEqual(['can', 't', 'stop', 'foo', 'bar', 'a', 'b', 'naive']);
  expect(wordsOf('café"don\'t* OR)')).toEqual(['cafe', 'don', 't', 'or']);
  expect(wordsOf('👍 — …')).toEqual([]);
  expect(wordsOf('\ud800')).toEqual([]);
});

test('a sought word stands for what begins with it, a single letter only for itself', () => {
  expect(isSought('mess', 'messages')).toBe(true);
  expect(isSought('messages', 'mess')).toBe(false);
  expect(isSought('a', 'and')).toBe(false);
  expect(isSought('a', 'a')).toBe(true);
  expect(isSought('京', '京都')).toBe(true);
});

test('what is highlighted are words as they are written', () => {
  expect(writtenWords("The Cafés can't close, café", ['cafe', 'can'])).toEqual(['cafés', "can't", 'café']);
});
