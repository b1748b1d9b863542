import { inspect } from 'node:util'
import { expect, test } from 'vitest'
import { HiddenArguments } from './hidden-arguments.js'

const SECRET = 'sk-typed-in-clear'

test.each([
  [
    ['--credential', `KEY=${SECRET}`],
    ['--credential', 'KEY=[hidden-1]'],
  ],
  [[`--credential=KEY=${SECRET}`], ['--credential=KEY=[hidden-1]']],
  [
    ['--header', `X-Team: ${SECRET}`],
    ['--header', 'X-Team:[hidden-1]'],
  ],
  [
    ['--credentail', `OPENAI_API_KEY=${SECRET}`],
    ['--credentail', 'OPENAI_API_KEY=[hidden-1]'],
  ],
  [[`--nope=OPENAI_API_KEY=${SECRET}`], ['--nope=OPENAI_API_KEY=[hidden-1]']],
  [[`GITHUB_TOKEN=${SECRET}`], ['GITHUB_TOKEN=[hidden-1]']],
  [
    ['--base-url', `https://user:${SECRET}@host/v1`],
    ['--base-url', 'https://[hidden-1]@host/v1'],
  ],
])('hides the secret in %j', (argv, hidden) => {
  expect(new HiddenArguments(argv).argv).toEqual(hidden)
})

test('gives back what was typed', () => {
  const argv = ['--credential', 'A=1=2:3', '--credential', 'B=-', '--header', 'X-Y:  z', 'name']

  const hidden = new HiddenArguments(argv)

  expect(hidden.revealAll([...hidden.argv])).toEqual(argv)
})

test('reveals texts in flags and arguments, and leaves other values alone', () => {
  const hidden = new HiddenArguments(['--credential', `A=${SECRET}`])

  expect(hidden.revealAll({ flags: { credential: ['A=[hidden-1]'], force: true, url: new URL('http://x/') } })).toEqual(
    {
      flags: { credential: [`A=${SECRET}`], force: true, url: new URL('http://x/') },
    },
  )
})

test('leaves a bare key readable', () => {
  expect(new HiddenArguments(['--credential', 'NVIDIA_API_KEY']).argv).toEqual(['--credential', 'NVIDIA_API_KEY'])
})

test('leaves what follows -- to the program it is for', () => {
  const argv = ['run', '--', 'env', 'API_KEY=1', '--credential', 'K=v']

  expect(new HiddenArguments(argv).argv).toEqual(argv)
})

test('does not show what it hides when it is inspected or serialised', () => {
  const hidden = new HiddenArguments(['--credential', `A=${SECRET}`])

  expect(inspect(hidden, { depth: 9, showHidden: true })).not.toContain(SECRET)
  expect(JSON.stringify(hidden)).not.toContain(SECRET)
})
