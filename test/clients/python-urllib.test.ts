import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { testNeeding } from '../state/test-needing.js'
import { type ClientBed, startClientBed, startLockedBed } from './client-bed.js'
import { DUMMY_KEY } from './dummy-key.js'
import { expectRouted } from './expect-routed.js'
import { runClient } from './run-client.js'

const test = testNeeding(['python3'])
const PROGRAM = fileURLToPath(new URL('programs/urllib_client.py', import.meta.url))

test('urllib: a question is answered under VERIFY_X509_STRICT', async () => {
  await using bed = await startClientBed()

  expect(await urllib(bed, 'chat')).toMatchObject({ object: 'chat.completion', model: 'mock/echo' })
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions' })
})

test('urllib: a stream arrives line by line, to its last event', async () => {
  await using bed = await startClientBed({ model: 'mock/slow-stream:20' })

  const { text, spreadMs } = (await urllib(bed, 'stream')) as { text: string; spreadMs: number }

  expect(text).toMatch(/data: \[DONE\]\n\n$/)
  expect(spreadMs).toBeGreaterThan(100)
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions', model: 'mock/slow-stream:20' })
})

test('urllib: the model list names the route model', async () => {
  await using bed = await startClientBed()

  expect(await urllib(bed, 'models')).toEqual(['mock/echo'])
})

test("urllib: the provider's 429 is an HTTPError with the provider's words", async () => {
  await using bed = await startClientBed({ model: 'mock/429' })

  expect(await urllib(bed, 'error')).toEqual({ status: 429, message: 'Rate limit reached. Please try again later.' })
})

test('urllib: the token in the address of the proxy admits a client that nothing else does', async () => {
  await using bed = await startLockedBed()

  expect(await urllib(bed, 'chat', bed.proxyUrlWithToken)).toMatchObject({ object: 'chat.completion' })
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions' })
})

async function urllib(
  { folder, proxy, rootPath }: ClientBed,
  scenario: string,
  proxyUrl = proxy.url,
): Promise<unknown> {
  const { exitCode, output, errorOutput } = await runClient('python3', [PROGRAM, scenario, DUMMY_KEY], {
    folder,
    environment: { HTTPS_PROXY: proxyUrl, SSL_CERT_FILE: rootPath },
  })
  if (exitCode !== 0) {
    throw new Error(`urllib ${scenario} ended with ${exitCode}: ${errorOutput}`)
  }
  return JSON.parse(output.toString())
}
