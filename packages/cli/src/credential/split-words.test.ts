import { expect, test } from 'vitest'
import { splitWords } from './split-words.js'

test.each([
  ['pass show nvidia', ['pass', 'show', 'nvidia']],
  ['  pass   show\tnvidia ', ['pass', 'show', 'nvidia']],
  [`op read 'op://vault/my key/field'`, ['op', 'read', 'op://vault/my key/field']],
  [`a "b c" d"e"'f'g`, ['a', 'b c', 'defg']],
  [String.raw`a "b\"c\\d" e\ f`, ['a', String.raw`b"c\d`, 'e f']],
  [String.raw`a 'b\c'`, ['a', String.raw`b\c`]],
  [`a '' ""`, ['a', '', '']],
  [`a '$HOME; rm -rf |'`, ['a', '$HOME; rm -rf |']],
  ['a key=~/x', ['a', 'key=~/x']],
  ['', []],
])('splits %j', (command, words) => {
  expect(splitWords(command)).toEqual(words)
})

test.each([
  [`a 'b`, "has a ' without its partner"],
  ['a "b', 'has a " without its partner'],
  [String.raw`a "b\"`, 'has a " without its partner'],
  ['a \\', 'ends with a backslash'],
  ['pass show x | head', 'is not run by a shell, and | is for a shell; quote it to pass it on'],
  ['echo $KEY', 'is not run by a shell, and $ is for a shell; quote it to pass it on'],
  ['a; b', 'is not run by a shell, and ; is for a shell; quote it to pass it on'],
  ['cat <(x)', 'is not run by a shell, and < is for a shell; quote it to pass it on'],
  ['cat ~/key', 'is not run by a shell, and ~ is for a shell; quote it to pass it on'],
  ['cat `x`', 'is not run by a shell, and ` is for a shell; quote it to pass it on'],
])('refuses %j', (command, why) => {
  expect(splitWords(command)).toBe(why)
})
