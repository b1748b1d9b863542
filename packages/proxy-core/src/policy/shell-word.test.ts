import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { isVisible, shellWord, visibleText } from './shell-word.js'

test.each([
  '/usr/bin/git',
  '[fd00::1]:8000',
  "a'b",
  '$(touch x)',
  '`touch x`',
  'a b',
  '*',
  '~',
  '#',
  'a"b\\c',
  '',
  'ä',
])('a shell reads %j as that word', (text) => {
  expect(execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })).toBe(text)
})

test('a plain word is not quoted', () => {
  expect(shellWord('api.example.com:443')).toBe('api.example.com:443')
})

test.each([
  ['/bin/a\nb', '/bin/a\\u000ab'],
  ['/bin/\u001b[2J', '/bin/\\u001b[2J'],
  ['/bin/\u202egit', '/bin/\\u202egit'],
  ['/bin/\u2028', '/bin/\\u2028'],
  ['/bin/git\u3164', '/bin/git\\u3164'],
  ['/bin/git\ufe0f', '/bin/git\\ufe0f'],
  ['/bin/git\u2800', '/bin/git\\u2800'],
  ['/bin/git\u00a0', '/bin/git\\u00a0'],
])('%j is shown as %j', (text, shown) => {
  expect(isVisible(text)).toBe(false)
  expect(visibleText(text)).toBe(shown)
})
