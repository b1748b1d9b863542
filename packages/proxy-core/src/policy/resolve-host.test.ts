import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createResolver } from './resolve-host.js'

function recordingLookup(answers: (host: string) => Promise<readonly string[]>) {
  const asked: string[] = []
  let underWay = 0
  let most = 0
  const lookUp = async (host: string) => {
    asked.push(host)
    most = Math.max(most, ++underWay)
    try {
      return (await answers(host)).map((address) => ({ address }))
    } finally {
      underWay--
    }
  }
  return { asked, lookUp, most: () => most }
}

test('an address is its own answer, and nobody is asked', async () => {
  const { asked, lookUp } = recordingLookup(async () => [])

  expect(await createResolver(lookUp)('2001:db8::1')).toEqual(['2001:db8::1'])
  expect(asked).toEqual([])
})

test('who asks for the same name at once shares the answer, and who asks later asks anew', async () => {
  const { asked, lookUp } = recordingLookup(async () => ['192.0.2.1', '192.0.2.2'])
  const resolve = createResolver(lookUp)

  const answers = await Promise.all([resolve('a.example'), resolve('a.example')])
  await setTimeout(1)
  await resolve('a.example')

  expect(answers).toEqual([
    ['192.0.2.1', '192.0.2.2'],
    ['192.0.2.1', '192.0.2.2'],
  ])
  expect(asked).toEqual(['a.example', 'a.example'])
})

test('one name is looked up at a time, and one that fails holds up no other', async () => {
  const { asked, lookUp, most } = recordingLookup(async (host) => {
    await setTimeout(5)
    if (host === 'bad.example') throw new Error('ENOTFOUND')
    return ['192.0.2.1']
  })
  const resolve = createResolver(lookUp)

  const [bad, good] = await Promise.allSettled([resolve('bad.example'), resolve('good.example')])

  expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'ERR_DESTINATION_DNS', status: 502 } })
  expect(good).toMatchObject({ status: 'fulfilled', value: ['192.0.2.1'] })
  expect(asked).toEqual(['bad.example', 'good.example'])
  expect(most()).toBe(1)
})

test('a name server that is silent is not waited for beyond the limit', async () => {
  const { lookUp } = recordingLookup(() => new Promise(() => {}))

  await expect(createResolver(lookUp, 20)('slow.example')).rejects.toMatchObject({ code: 'ERR_DESTINATION_DNS' })
})
