import { expect, test } from 'vitest'
import { EXEC_CACHE_MS, EXEC_FAILURE_CACHE_MS, ReferenceResolver } from './reference-resolver.js'

function resolverWith(answers: readonly (string | Error)[], variables: Readonly<Record<string, string>> = {}) {
  const runs: (readonly string[])[] = []
  const clock = { now: 0 }
  const resolver = new ReferenceResolver({
    environment: (name) => variables[name],
    now: () => clock.now,
    run: async (argv) => {
      const answer = answers[runs.push(argv) - 1] ?? new Error('asked too often')
      if (answer instanceof Error) throw answer
      return answer
    },
  })
  return { resolver, runs, clock }
}

test('runs a source once for all who ask at the same time, and again after a minute', async () => {
  const { resolver, runs, clock } = resolverWith(['one\n', 'two\n'])

  const first = await Promise.all(
    ['exec:pass a', 'exec:["pass","a"]', 'exec:pass a'].map((text) => resolver.resolve(text)),
  )
  expect(first).toEqual(['one', 'one', 'one'])
  clock.now = EXEC_CACHE_MS - 1
  expect(await resolver.resolve('exec:pass a')).toBe('one')
  clock.now = EXEC_CACHE_MS
  expect(await resolver.resolve('exec:pass a')).toBe('two')
  expect(runs).toEqual([
    ['pass', 'a'],
    ['pass', 'a'],
  ])
})

test('does not run a failing source for each request, and tries again soon', async () => {
  const { resolver, runs, clock } = resolverWith([new Error('down'), 'up'])

  await expect(resolver.resolve('exec:pass a')).rejects.toThrow('down')
  await expect(resolver.resolve('exec:pass a')).rejects.toThrow('down')
  expect(runs).toHaveLength(1)
  clock.now = EXEC_FAILURE_CACHE_MS
  expect(await resolver.resolve('exec:pass a')).toBe('up')
})

test('does not mix up two sources', async () => {
  const { resolver } = resolverWith(['one', 'two'])

  expect(await resolver.resolve('exec:pass a b')).toBe('one')
  expect(await resolver.resolve("exec:pass 'a b'")).toBe('two')
})

test('reads the environment each time', async () => {
  const variables: Record<string, string> = { KEY: 'one' }
  const { resolver } = resolverWith([], variables)

  expect(await resolver.resolve('env:KEY')).toBe('one')
  variables['KEY'] = 'two'
  expect(await resolver.resolve('env:KEY')).toBe('two')
  delete variables['KEY']
  await expect(resolver.resolve('env:KEY')).rejects.toMatchObject({
    code: 'ERR_REFERENCE_UNAVAILABLE',
    message: 'the environment variable KEY is not set',
  })
})

test('refuses what a source gives where no HTTP field can carry it, without showing it', async () => {
  const { resolver } = resolverWith(['sk-hidden\nsecond line\n'])

  const error = await resolver.resolve('exec:pass a').catch((reason: unknown) => reason)

  expect(error).toMatchObject({ code: 'ERR_CREDENTIAL_INVALID', message: 'what exec:pass gives holds a line break' })
  expect((error as Error).stack).not.toContain('sk-hidden')
})
