import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { type ClientBed, startClientBed } from '../clients/client-bed.js'
import { DUMMY_KEY } from '../clients/dummy-key.js'
import { expectRouted } from '../clients/expect-routed.js'
import { runClient } from '../clients/run-client.js'
import { agentProgram } from './agent-program.js'
import { askedBesides } from './asked-besides.js'

interface CodexEvent {
  readonly type: string
  readonly message?: string
  readonly item?: { readonly type: string; readonly text?: string; readonly aggregated_output?: string }
}

/** A provider of its own, as codex's documentation has it. */
const OWN_PROVIDER = `
model = "gpt-5"
model_provider = "nemoclaw"
[model_providers.nemoclaw]
name = "nemoclaw"
base_url = "https://inference.local/v1"
wire_api = "responses"
env_key = "OPENAI_API_KEY"
`
/** The provider and the model codex brings along, sent elsewhere: it tries a WebSocket first. */
const BUILT_IN_PROVIDER = `
openai_base_url = "https://inference.local/v1"
`
const besides = new Set<string>()
afterAll(() => console.log(`codex also asked for:\n  ${[...besides].join('\n  ')}`))

test('codex exec gets its answer from the route model, with the real key', async () => {
  await using bed = await startClientBed({ model: 'mock/text' })

  const events = await codex(bed, OWN_PROVIDER)

  expect(answerIn(events)).toBe('You asked: "Say hello". I am the mock provider, and this is model mock/text.')
  expect(bed.provider.received).toHaveLength(1)
  expectRouted(bed.provider.received[0], { url: '/v1/responses', model: 'mock/text' })
  expectNothingRefused(bed)
})

test('codex exec calls a tool and brings its result back', async () => {
  await using bed = await startClientBed()
  // The mock runs the command of this name; codex takes the path that a login shell sets.
  writeFileSync(join(bed.folder, 'mock'), '#!/bin/sh\necho the secret number is seventeen\n', { mode: 0o755 })

  writeFileSync(join(bed.folder, '.bash_profile'), 'export PATH="$HOME:$PATH"\n')

  const events = await codex(bed, OWN_PROVIDER)

  expect(events.map(({ item }) => item?.aggregated_output)).toContain('the secret number is seventeen\n')
  expect(answerIn(events)).toContain('I am the mock provider')
  expect(bed.provider.received).toHaveLength(2)
  expectRouted(bed.provider.received[1], { url: '/v1/responses' })
  expect(bed.provider.received[1]?.content.toString()).toContain('the secret number is seventeen')
  expectNothingRefused(bed)
})

test('codex exec with its built-in provider gives up WebSockets at once and is answered over HTTP', async () => {
  await using bed = await startClientBed({ model: 'mock/text' })

  const events = await codex(bed, BUILT_IN_PROVIDER)

  expect(answerIn(events)).toContain('I am the mock provider')
  expect(events.map(({ message }) => message ?? '').filter((message) => message.includes('Reconnecting'))).toEqual([])
  expect(askedBesides(bed.proxy.events)).toContain('GET /v1/responses ERR_WEBSOCKET_NOT_SERVED 1')
  expectRouted(bed.provider.received[0], { url: '/v1/responses', model: 'mock/text' })
})

test('codex exec keeps to its own tools where those of the provider are denied', async () => {
  for (const configuration of [OWN_PROVIDER, BUILT_IN_PROVIDER]) {
    await using bed = await startClientBed({ model: 'mock/text', serverTools: 'deny' })

    const events = await codex(bed, `web_search = "disabled"\n${configuration}`)

    expect(answerIn(events)).toContain('I am the mock provider')
  }
})

test('codex exec is told why where it would let the provider search', async () => {
  await using bed = await startClientBed({ model: 'mock/text', serverTools: 'deny' })

  expect(failureIn(await codex(bed, OWN_PROVIDER))).toContain('the tool type \\"web_search\\"')
  expect(bed.provider.received).toEqual([])
})

test('codex exec is admitted by the token in the address of the proxy', async () => {
  await using bed = await startClientBed(
    { model: 'mock/text' },
    { access: { tokens: [{ token: 'session-token' }], trustOwnUser: false } },
  )
  const HTTPS_PROXY = bed.proxy.url.replace('http://', 'http://nemoclaw:session-token@')

  for (const configuration of [OWN_PROVIDER, BUILT_IN_PROVIDER]) {
    expect(answerIn(await codex(bed, configuration, { HTTPS_PROXY }))).toContain('I am the mock provider')
  }
  expect(askedBesides(bed.proxy.events).join('\n')).not.toContain('inference.local:443')
})

test("codex exec shows the provider's refusal", async () => {
  await using bed = await startClientBed({ model: 'mock/403' })

  expect(failureIn(await codex(bed, OWN_PROVIDER))).toContain('You do not have access to this resource.')
})

test('codex exec shows our refusal', async () => {
  await using bed = await startClientBed({ protocols: ['anthropic_messages'] })

  expect(failureIn(await codex(bed, OWN_PROVIDER))).toContain('There is no compatible route for /v1/responses')
})

async function codex(
  { folder, proxy, rootPath }: ClientBed,
  configuration: string,
  environment: Readonly<Record<string, string>> = {},
): Promise<readonly CodexEvent[]> {
  mkdirSync(join(folder, '.codex'), { recursive: true })
  writeFileSync(join(folder, '.codex', 'config.toml'), configuration)
  const { output, errorOutput } = await runClient(
    agentProgram('codex'),
    // The commands it is told to run are ours, and a sandbox within this one is another subject.
    ['exec', '--skip-git-repo-check', '--json', '--dangerously-bypass-approvals-and-sandbox', 'Say hello'],
    {
      folder,
      environment: {
        HTTPS_PROXY: proxy.url,
        SSL_CERT_FILE: rootPath,
        OPENAI_API_KEY: DUMMY_KEY,
        CODEX_API_KEY: DUMMY_KEY,
        ...environment,
      },
    },
  )
  for (const line of askedBesides(proxy.events)) {
    besides.add(line.replace(/ \d+$/, ''))
  }
  try {
    const lines = output.toString().trim().split('\n')
    return lines.map((line) => JSON.parse(line) as CodexEvent)
  } catch {
    throw new Error(`codex printed no events: ${output}${errorOutput}`)
  }
}

function answerIn(events: readonly CodexEvent[]): string | undefined {
  return events.findLast(({ item }) => item?.type === 'agent_message')?.item?.text
}

function failureIn(events: readonly CodexEvent[]): string {
  expect(events.at(-1)?.type).toBe('turn.failed')
  return JSON.stringify(events)
}

/** Whatever it asks for elsewhere, on `inference.local` it must get all it wants. */
function expectNothingRefused({ proxy }: ClientBed): void {
  expect(askedBesides(proxy.events).filter((line) => !line.startsWith('CONNECT '))).toEqual([])
}
