import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { anthropicProfile } from '@nemoclaw/provider-anthropic'
import type { ProxyOptions } from '@nemoclaw/proxy-core'
import { afterAll, expect, test } from 'vitest'
import { type ClientBed, startClientBed } from '../clients/client-bed.js'
import { DUMMY_KEY } from '../clients/dummy-key.js'
import { expectRouted } from '../clients/expect-routed.js'
import { runClient } from '../clients/run-client.js'
import { TEST_SECRET } from '../proxy/start-test-proxy.js'
import { agentProgram } from './agent-program.js'
import { askedBesides } from './asked-besides.js'

interface Turn {
  readonly result: string
  readonly is_error: boolean
  readonly num_turns: number
}

const URL_PATH = '/v1/messages?beta=true'
const CREDENTIAL = ['x-api-key', TEST_SECRET] as const
const { protocols, auth, defaultHeaders, passthroughHeaders } = anthropicProfile
const besides = new Set<string>()
afterAll(() => console.log(`Claude Code also asked for:\n  ${[...besides].join('\n  ')}`))

test('claude -p gets its answer from the route model, with the real key', async () => {
  await using bed = await startBed()

  expect(await claude(bed, ['--tools', ''])).toMatchObject({
    is_error: false,
    result: 'You asked: "Say hello". I am the mock provider, and this is model mock/echo.',
  })
  expect(bed.provider.received).toHaveLength(1)
  expectRouted(bed.provider.received[0], { url: URL_PATH, credential: CREDENTIAL })
  expect(bed.provider.received[0]?.headers['anthropic-beta']).toContain('claude-code-')
  expectNothingRefused(bed)
})

test('claude -p calls a tool and brings its result back', async () => {
  await using bed = await startBed()
  // The mock reads the file of this name.
  writeFileSync(join(bed.folder, 'mock'), 'the secret number is seventeen\n')

  expect(await claude(bed, ['--tools', 'Read'])).toMatchObject({ is_error: false, num_turns: 2 })
  expect(bed.provider.received).toHaveLength(2)
  expectRouted(bed.provider.received[1], { url: URL_PATH, credential: CREDENTIAL })
  expect(bed.provider.received[1]?.content.toString()).toContain('the secret number is seventeen')
  expectNothingRefused(bed)
})

test('claude -p with every tool it has is answered', async () => {
  await using bed = await startBed('mock/text')

  expect(await claude(bed, [])).toMatchObject({ is_error: false, num_turns: 1 })
  expectRouted(bed.provider.received[0], { url: URL_PATH, model: 'mock/text', credential: CREDENTIAL })
  expectNothingRefused(bed)
})

test('claude -p with every tool it has needs none of the provider', async () => {
  await using bed = await startClientBed({
    model: 'mock/text',
    protocols,
    auth,
    defaultHeaders,
    passthroughHeaders,
    serverTools: 'deny',
  })

  expect(await claude(bed, [])).toMatchObject({ is_error: false, num_turns: 1 })
  expectNothingRefused(bed)
})

test('claude -p that believes in a bearer token is answered with the real key', async () => {
  await using bed = await startBed()

  const turn = await claude(bed, ['--tools', ''], { ANTHROPIC_API_KEY: '', ANTHROPIC_AUTH_TOKEN: DUMMY_KEY })

  expect(turn.is_error).toBe(false)
  expectRouted(bed.provider.received[0], { url: URL_PATH, credential: CREDENTIAL })
})

test('claude -p is admitted by the token in the address of the proxy', async () => {
  await using bed = await startBed('mock/echo', {
    access: { tokens: [{ token: 'session-token' }], trustOwnUser: false },
  })
  const HTTPS_PROXY = bed.proxy.url.replace('http://', 'http://nemoclaw:session-token@')

  expect((await claude(bed, ['--tools', ''], { HTTPS_PROXY })).is_error).toBe(false)
  expectRouted(bed.provider.received[0], { url: URL_PATH, credential: CREDENTIAL })
})

test("claude -p shows the provider's refusal", async () => {
  await using bed = await startBed('mock/403')

  const turn = await claude(bed, ['--tools', ''])

  expect(turn.is_error).toBe(true)
  expect(turn.result).toContain('You do not have access to this resource.')
})

test('claude -p shows our refusal', async () => {
  await using bed = await startClientBed({ protocols: ['openai_chat_completions'] })

  const turn = await claude(bed, ['--tools', ''])

  expect(turn.is_error).toBe(true)
  expect(turn.result).toContain('There is no compatible route for /v1/messages')
})

function startBed(model = 'mock/echo', options: Partial<ProxyOptions> = {}): Promise<ClientBed> {
  return startClientBed({ model, protocols, auth, defaultHeaders, passthroughHeaders }, options)
}

async function claude(
  { folder, proxy, rootPath }: ClientBed,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Promise<Turn> {
  const { output, errorOutput } = await runClient(
    agentProgram('claude'),
    ['-p', 'Say hello', '--output-format', 'json', ...parameters],
    {
      folder,
      environment: {
        HTTPS_PROXY: proxy.url,
        NODE_EXTRA_CA_CERTS: rootPath,
        ANTHROPIC_BASE_URL: 'https://inference.local',
        ANTHROPIC_API_KEY: DUMMY_KEY,
        ...environment,
      },
    },
  )
  for (const line of askedBesides(proxy.events)) {
    besides.add(line.replace(/ \d+$/, ''))
  }
  try {
    return JSON.parse(output.toString()) as Turn
  } catch {
    throw new Error(`claude printed no result: ${output}${errorOutput}`)
  }
}

/** Whatever it asks for elsewhere, on `inference.local` it must get all it wants. */
function expectNothingRefused({ proxy }: ClientBed): void {
  expect(askedBesides(proxy.events).filter((line) => !line.startsWith('CONNECT '))).toEqual([])
}
