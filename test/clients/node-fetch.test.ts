import { expect, test } from 'vitest'
import { startClientBed, startLockedBed } from './client-bed.js'
import { expectRouted } from './expect-routed.js'
import { BY_NODE_ITSELF, BY_PRELOAD, NODE_READS_PROXY_VARIABLES, UNAIDED, USUAL_NODE_WAY } from './node-way.js'
import { runNodeClient } from './run-node-client.js'

const ANSWERED = {
  status: 200,
  answer: expect.objectContaining({
    choices: [expect.objectContaining({ message: expect.objectContaining({ role: 'assistant' }) })],
  }),
}

test("fetch: Node's own, led by undici's EnvHttpProxyAgent in a preload, is answered", async () => {
  await using bed = await startClientBed()

  expect(await runNodeClient(bed, 'fetch.mjs', 'chat', BY_PRELOAD)).toEqual(ANSWERED)
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions' })
})

test("fetch: Node's own streams piece by piece", async () => {
  await using bed = await startClientBed({ model: 'mock/slow-stream:20' })

  const { text, spreadMs } = await runNodeClient<{ text: string; spreadMs: number }>(bed, 'fetch.mjs', 'stream')

  expect(text).toMatch(/data: \[DONE\]\n\n$/)
  expect(spreadMs).toBeGreaterThan(100)
})

test('fetch: undici with EnvHttpProxyAgent as its dispatcher is answered', async () => {
  await using bed = await startClientBed()

  expect(await runNodeClient(bed, 'fetch.mjs', 'undici', UNAIDED)).toEqual(ANSWERED)
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions' })
})

test.each([
  ['openai-sdk.mjs', '/v1/chat/completions'],
  ['anthropic-sdk.mjs', '/v1/messages'],
])('%s: EnvHttpProxyAgent in fetchOptions needs neither a preload nor a newer Node', async (program, url) => {
  await using bed = await startClientBed()

  expect(await runNodeClient(bed, program, 'ownDispatcher', UNAIDED)).toEqual({
    text: expect.stringContaining('I am the mock provider'),
  })
  expectRouted(bed.provider.received[0], { url })
})

test.each([
  ['openai-sdk.mjs', 'chat', '/v1/chat/completions'],
  ['anthropic-sdk.mjs', 'message', '/v1/messages'],
  ['ai-sdk.mjs', 'generateText', '/v1/chat/completions'],
])('%s: the preload works on every Node', async (program, scenario, url) => {
  await using bed = await startClientBed()

  expect(await runNodeClient(bed, program, scenario, BY_PRELOAD)).toMatchObject({
    text: expect.stringContaining('I am the mock provider'),
  })
  expectRouted(bed.provider.received[0], { url })
})

test.each([
  ['fetch.mjs', 'chat', '/v1/chat/completions'],
  ['openai-sdk.mjs', 'chat', '/v1/chat/completions'],
  ['anthropic-sdk.mjs', 'message', '/v1/messages'],
])(
  '%s: the token in the address of the proxy admits a client that nothing else does',
  async (program, scenario, url) => {
    await using bed = await startLockedBed()
    const environment = { ...USUAL_NODE_WAY.environment, HTTPS_PROXY: bed.proxyUrlWithToken }

    await runNodeClient(bed, program, scenario, { ...USUAL_NODE_WAY, environment })

    expectRouted(bed.provider.received[0], { url })
  },
)

test('fetch: a client that was not given our root refuses the certificate', async () => {
  await using bed = await startClientBed()
  const distrustful = { ...BY_PRELOAD, environment: { NODE_EXTRA_CA_CERTS: '' } }

  const { code } = await runNodeClient<{ code: string }>(bed, 'fetch.mjs', 'failure', distrustful)

  expect(code).toMatch(/SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_GET_ISSUER_CERT_LOCALLY/)
  expect(bed.provider.received).toEqual([])
})

if (NODE_READS_PROXY_VARIABLES) {
  test('fetch: Node itself reads HTTPS_PROXY where NODE_USE_ENV_PROXY=1 asks for it', async () => {
    await using bed = await startClientBed()

    expect(await runNodeClient(bed, 'fetch.mjs', 'chat', BY_NODE_ITSELF)).toEqual(ANSWERED)
    expectRouted(bed.provider.received[0], { url: '/v1/chat/completions' })
  })
} else {
  // Why the preload is there. Should this fail, Node 20 has learnt it and the preload can go.
  test('fetch: this Node ignores HTTPS_PROXY, and finds no inference.local by itself', async () => {
    await using bed = await startClientBed()

    const { code } = await runNodeClient<{ code: string }>(bed, 'fetch.mjs', 'failure', BY_NODE_ITSELF)

    expect(code).toEqual(expect.any(String))
    expect(bed.proxy.events).toEqual([])
  })
}
