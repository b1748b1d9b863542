import { setTimeout } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createResolver } from './resolve-host.js'

function recordingFind(answers: (host: string) => Promise<readonly string[]>) {
  const asked: string[] = []
  let underWay = 0
  let most = 0
  const find = async (host: string) => {
    asked.push(host)
    most = Math.max(most, ++underWay)
    try {
      return await answers(host)
    } finally {
      underWay--
    }
  }
  return { asked, find, most: () => most }
}

const nothing = async () => []
const never = () => new Promise<never>(() => {})

test('an address is its own answer, and nobody is asked', async () => {
  const { asked, find } = recordingFind(nothing)

  expect(await createResolver({ direct: find, system: find })('2001:db8::1')).toEqual(['2001:db8::1'])
  expect(asked).toEqual([])
})

test('who asks for the same name at once shares the answer, and who asks later asks anew', async () => {
  const { asked, find } = recordingFind(async () => ['192.0.2.1', '192.0.2.2'])
  const resolve = createResolver({ direct: find, system: nothing })

  const answers = await Promise.all([resolve('a.example'), resolve('a.example')])
  await setTimeout(1)
  await resolve('a.example')

  expect(answers).toEqual([
    ['192.0.2.1', '192.0.2.2'],
    ['192.0.2.1', '192.0.2.2'],
  ])
  expect(asked).toEqual(['a.example', 'a.example'])
})

test('the system is asked for what is not found directly, one name at a time; one that fails holds up no other', async () => {
  const { asked, find, most } = recordingFind(async (host) => {
    await setTimeout(5)
    if (host === 'bad.example') throw new Error('ENOTFOUND')
    return ['192.0.2.1']
  })
  const resolve = createResolver({ direct: nothing, system: find })

  const [bad, good] = await Promise.allSettled([resolve('bad.example'), resolve('good.example')])

  expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'ERR_DESTINATION_DNS', status: 502 } })
  expect(good).toMatchObject({ status: 'fulfilled', value: ['192.0.2.1'] })
  expect(asked).toEqual(['bad.example', 'good.example'])
  expect(most()).toBe(1)
})

test('a name whose servers are silent holds up no other, and is not waited for beyond the limit', async () => {
  const direct = (host: string) => (host === 'slow.example' ? never() : Promise.resolve(['192.0.2.1']))
  const resolve = createResolver({ direct, system: never }, 50)

  const slow = resolve('slow.example')
  expect(await resolve('good.example')).toEqual(['192.0.2.1'])
  await expect(slow).rejects.toMatchObject({ code: 'ERR_DESTINATION_DNS', status: 502 })
})

test('a name that nobody could tell about is not asked for again elsewhere', async () => {
  const { asked, find } = recordingFind(nothing)
  const direct = async () => {
    throw new Error('SERVFAIL')
  }

  await expect(createResolver({ direct, system: find })('a.example')).rejects.toMatchObject({ status: 502 })
  expect(asked).toEqual([])
})
