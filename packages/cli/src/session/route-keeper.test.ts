import { createHash } from 'node:crypto'
import { Credential, DEFAULT_ROUTE_TIMEOUTS, ProxyError, type ResolvedRoute } from '@nemoclaw/proxy-core'
import { expect, test } from 'vitest'
import { UserError } from '../user-error.js'
import { type Resolution, RouteKeeper, type RouteNews } from './route-keeper.js'

function route(model: string, key = 'sk-0123456789'): ResolvedRoute {
  return {
    source: 'configured',
    providerName: 'p',
    providerType: 'mock',
    baseUrl: 'http://127.0.0.1:1/v1',
    protocols: [],
    model,
    auth: { kind: 'bearer' },
    credential: new Credential(key, `fingerprint of ${key.length}`),
    defaultHeaders: [],
    passthroughHeaders: [],
    extraHeaders: [],
    timeouts: DEFAULT_ROUTE_TIMEOUTS,
    serverTools: 'allow',
  }
}

/** A keeper whose resolutions are settled by the test, one by one. */
function keeperByHand(validForMs = Number.POSITIVE_INFINITY) {
  const asked: { resolve(model: string): void; reject(error: Error): void }[] = []
  const news: RouteNews[] = []
  let now = 0
  const keeper = new RouteKeeper({
    resolve: () =>
      new Promise<Resolution>((resolve, reject) => {
        asked.push({ resolve: (model) => resolve({ route: route(model), validForMs }), reject })
      }),
    fingerprint: (value) => createHash('sha256').update(value).digest('hex'),
    onNews: (told) => news.push(told),
    now: () => now,
  })
  return { keeper, asked, news, pass: (ms: number) => (now += ms) }
}

test('all who wait are answered by one resolution, and whoever comes later by the same, at once', async () => {
  const { keeper, asked } = keeperByHand()

  const waiting = [keeper.get(), keeper.get(), keeper.get()]
  asked[0]!.resolve('a')
  const [one, two, three] = await Promise.all(waiting)

  expect(asked).toHaveLength(1)
  expect(one).toBe(two)
  expect(two).toBe(three)
  expect(keeper.get()).toBe(one)
})

test('a renewal while a resolution is under way: who waited gets the old route, who comes gets the new one', async () => {
  const { keeper, asked } = keeperByHand()

  const before = keeper.get()
  keeper.renew()
  const after = keeper.get()
  asked[1]!.resolve('new')
  expect((await after).model).toBe('new')
  asked[0]!.resolve('old')

  expect((await before).model).toBe('old')
  expect(asked).toHaveLength(2)
  expect((await keeper.get()).model).toBe('new')
  expect(keeper.state.route?.model).toBe('new')
})

test('a late failure of what was renewed is not the state of the new route', async () => {
  const { keeper, asked } = keeperByHand()

  const before = keeper.get() as Promise<ResolvedRoute>
  keeper.renew()
  const after = keeper.get()
  asked[1]!.resolve('new')
  await after
  asked[0]!.reject(new Error('too late'))

  await expect(before).rejects.toThrow('too late')
  expect(keeper.state).toEqual({ route: expect.objectContaining({ model: 'new' }) })
})

test('a route is asked for again when its time is up, and only what is new is told', async () => {
  const { keeper, asked, news, pass } = keeperByHand(5_000)

  const first = keeper.get()
  asked[0]!.resolve('a')
  await first
  pass(4_999)
  await keeper.get()
  expect(asked).toHaveLength(1)
  pass(1)
  const second = keeper.get()
  asked[1]!.resolve('a')
  await second
  pass(5_000)
  const third = keeper.get()
  asked[2]!.resolve('b')
  await third

  expect(news.map((told) => told.action === 'resolved' && told.summary.model)).toEqual(['a', 'b'])
})

test('a failure is not kept: the next exchange asks again; the operator is told the cause, and once', async () => {
  const { keeper, asked, news } = keeperByHand()
  const cause = new UserError('ERR_REFERENCE_UNAVAILABLE', 'the file /run/secrets/key does not exist')
  const failure = () => new ProxyError('ERR_CREDENTIAL_UNAVAILABLE', 'The credential cannot be had.', { cause })

  for (const attempt of [0, 1]) {
    const asking = keeper.get() as Promise<ResolvedRoute>
    asked[attempt]!.reject(failure())
    await expect(asking).rejects.toThrow('The credential cannot be had.')
  }
  const problem = 'The credential cannot be had. Cause: the file /run/secrets/key does not exist'
  expect(news).toEqual([{ action: 'unusable', problem }])
  expect(keeper.state).toEqual({ problem })

  const asking = keeper.get()
  asked[2]!.resolve('a')
  await asking
  expect(keeper.state).toEqual({ route: expect.objectContaining({ model: 'a' }) })
})

test('warming never rejects', async () => {
  const { keeper, asked } = keeperByHand()

  const warming = keeper.warm()
  asked[0]!.reject(new Error('no'))

  await expect(warming).resolves.toBeUndefined()
})
