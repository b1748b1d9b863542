import { expect } from 'vitest'
import { testNeeding } from '../state/test-needing.js'
import { type ClientBed, startClientBed, startLockedBed } from './client-bed.js'
import { DUMMY_KEY } from './dummy-key.js'
import { expectRouted } from './expect-routed.js'
import { type ClientResult, runClient } from './run-client.js'

const test = testNeeding(['curl'])
const CHAT = 'https://inference.local/v1/chat/completions'

test('curl: a question is answered by the route model with the real key', async () => {
  await using bed = await startClientBed()

  const result = await curl(bed, ['-d', question()])

  expect(result).toMatchObject({ exitCode: 0, errorOutput: '' })
  expect(JSON.parse(result.output.toString())).toMatchObject({ object: 'chat.completion', model: 'mock/echo' })
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions' })
})

test('curl: --http1.1 is answered, and so is a client that would rather speak HTTP/2', async () => {
  await using bed = await startClientBed()
  const version = ['-o', 'answer.json', '-w', '%{http_version} %{http_code}', '-d', question()]

  expect((await curl(bed, ['--http1.1', ...version])).output.toString()).toBe('1.1 200')
  expect((await curl(bed, ['--http2', ...version])).output.toString()).toBe('1.1 200')
})

test('curl: -N shows a stream as it comes, to its last event', async () => {
  await using bed = await startClientBed({ model: 'mock/slow-stream:50' })

  const { exitCode, output, outputAtMs } = await curl(bed, ['-N', '-d', question({ stream: true })])

  expect(exitCode).toBe(0)
  expect(output.toString()).toMatch(/data: \[DONE\]\n\n$/)
  expect(outputAtMs.length).toBeGreaterThan(5)
  expect(outputAtMs.at(-1)! - outputAtMs[0]!).toBeGreaterThan(250)
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions', model: 'mock/slow-stream:50' })
})

test('curl: a stream that breaks ends with an error of curl and our event', async () => {
  await using bed = await startClientBed({ model: 'mock/reset-mid-stream+slow-stream:5' })

  const { exitCode, output } = await curl(bed, ['-N', '-d', question({ stream: true })])

  // 18: partial file, 56: failure in receiving.
  expect([18, 56]).toContain(exitCode)
  expect(output.toString()).toMatch(/data: \{"error":.*broke off.*\}\n\n$/)
})

test('curl: the token in the address of the proxy admits a client that nothing else does', async () => {
  await using bed = await startLockedBed()

  const result = await curl(bed, ['-d', question()], { HTTPS_PROXY: bed.proxyUrlWithToken })

  expect(result.exitCode).toBe(0)
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions' })
  expect(bed.provider.received[0]?.rawHeaders.join('\n')).not.toContain(new URL(bed.proxyUrlWithToken).password)
})

for (const [name, user] of [
  ['no token', ''],
  ['a wrong token', 'nemoclaw:another@'],
] as const) {
  test(`curl: ${name} is refused with 407`, async () => {
    await using bed = await startLockedBed()
    const HTTPS_PROXY = bed.proxy.url.replace('http://', `http://${user}`)

    const { exitCode, errorOutput } = await curl(bed, ['-d', question()], { HTTPS_PROXY })

    expect(exitCode).toBe(56)
    expect(errorOutput).toContain('407')
    expect(bed.provider.received).toEqual([])
  })
}

test('curl: a CONNECT of HTTP/1.0, as of Python before 3.12, is answered', async () => {
  await using bed = await startClientBed()

  const result = await curl(bed, ['--proxy1.0', bed.proxy.url, '-d', question()])

  expect(result).toMatchObject({ exitCode: 0, errorOutput: '' })
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions' })
})

test('curl: content of two megabytes, announced with Expect: 100-continue, arrives whole', async () => {
  await using bed = await startClientBed({ model: 'mock/text' })
  const input = Buffer.from(question({ user: 'x'.repeat(2 * 1024 * 1024) }))

  const { exitCode, errorOutput } = await curl(bed, ['-v', '-d', '@-'], {}, input)

  expect(exitCode).toBe(0)
  expect(errorOutput).toMatch(/> Expect: 100-continue.*< HTTP\/1\.1 100 Continue/is)
  expect(bed.provider.received[0]?.contentBytes).toBe(input.length + 'mock/text'.length - 'any-model'.length)
})

test('curl: chunked content arrives whole', async () => {
  await using bed = await startClientBed()

  const result = await curl(bed, ['-H', 'Transfer-Encoding: chunked', '-d', question()])

  expect(result.exitCode).toBe(0)
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions' })
})

test('curl: --compressed gets a compressed answer', async () => {
  await using bed = await startClientBed({ model: 'mock/gzip' })

  const { exitCode, output } = await curl(bed, ['--compressed', '-d', question()])

  expect(exitCode).toBe(0)
  expect(JSON.parse(output.toString())).toMatchObject({ model: 'mock/gzip' })
})

test('curl: a form is uploaded with the model replaced in it', async () => {
  await using bed = await startClientBed()
  const parameters = ['-F', `file=@${bed.rootPath};type=audio/wav`, '-F', 'model=whisper-1']

  const { exitCode, output } = await curl(
    bed,
    parameters,
    {},
    undefined,
    CHAT.replace('chat/completions', 'audio/transcriptions'),
  )

  expect(exitCode).toBe(0)
  expect(JSON.parse(output.toString())).toMatchObject({ text: expect.stringContaining('You sent "root.pem"') })
  expectRouted(bed.provider.received[0], { url: '/v1/audio/transcriptions' })
})

test('curl: two questions share one connection', async () => {
  await using bed = await startClientBed()

  const { exitCode, output } = await curl(bed, [
    '-w',
    '%{num_connects}\n',
    '-o',
    'a.json',
    '-o',
    'b.json',
    '-d',
    question(),
    CHAT,
  ])

  expect(exitCode).toBe(0)
  // The second opens none.
  expect(output.toString().trim().split('\n').at(-1)).toBe('0')
  expect(bed.provider.received).toHaveLength(2)
})

test('curl: without our root the certificate is refused and nothing is sent', async () => {
  await using bed = await startClientBed()

  const { exitCode } = await curl(bed, ['-d', question()], { CURL_CA_BUNDLE: '' })

  expect(exitCode).toBe(60)
  expect(bed.provider.received).toEqual([])
})

test('curl: any other host is refused at CONNECT', async () => {
  await using bed = await startClientBed()

  const { exitCode, errorOutput } = await curl(bed, [], {}, undefined, 'https://example.com/')

  expect(exitCode).toBe(56)
  expect(errorOutput).toContain('403')
})

function question(members: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    model: 'any-model',
    messages: [{ role: 'user', content: 'Hello there, how are you?' }],
    ...members,
  })
}

function curl(
  { folder, proxy, rootPath }: ClientBed,
  parameters: readonly string[],
  environment: Readonly<Record<string, string>> = {},
  input?: Buffer,
  url = CHAT,
): Promise<ClientResult> {
  const fields = ['-H', `Authorization: Bearer ${DUMMY_KEY}`]
  const json = parameters.includes('-d') ? ['-H', 'Content-Type: application/json'] : []
  return runClient('curl', ['-sS', '--max-time', '20', ...fields, ...json, ...parameters, url], {
    folder,
    environment: { HTTPS_PROXY: proxy.url, CURL_CA_BUNDLE: rootPath, ...environment },
    ...(input && { input }),
  })
}
