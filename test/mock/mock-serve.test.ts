import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'

const NEMOCLAW = fileURLToPath(new URL('../../packages/cli/bin/run.js', import.meta.url))
const hello = JSON.stringify({ model: 'mock/echo', messages: [{ role: 'user', content: 'Hi' }] })

test('says where it listens, tells each request with the key masked, and ends on SIGTERM', async () => {
  await using serve = runServe(['--port', '0', '--api-key-from-env', 'TEST_KEY', '--json'], {
    TEST_KEY: 'sk-secret-0123456789',
  })

  const listening = JSON.parse(await serve.line()) as { event: string; url: string; pid: number }
  const accepted = await post(listening.url, 'sk-secret-0123456789')
  const told = JSON.parse(await serve.line())
  const refused = await post(listening.url, 'sk-other')
  serve.child.kill('SIGTERM')

  expect(listening).toMatchObject({ event: 'listening', url: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/v1$/) })
  expect(listening.pid).toBe(serve.child.pid)
  expect([accepted.status, refused.status]).toEqual([200, 401])
  expect(told).toMatchObject({ event: 'request', model: 'mock/echo', credential: 'sk-***6789', status: 200 })
  expect(await serve.exitCode).toBe(0)
  expect(serve.output()).not.toContain('secret')
})

test('tells a person the same in words, and ends on Ctrl+C', async () => {
  await using serve = runServe(['--port', '0'])

  const url = /http:\S+/.exec(await serve.line())![0]
  const hint = await serve.line()
  await post(url)
  const told = await serve.line()
  serve.child.kill('SIGINT')

  expect(hint).toBe(`Try: curl ${url}/models   Stop: Ctrl+C`)
  expect(told).toBe('POST  /v1/chat/completions  200  model mock/echo  key none')
  expect(await serve.exitCode).toBe(0)
})

test('says what to do when the port is taken', async () => {
  await using provider = await startMockProvider()
  await using serve = runServe(['--port', String(provider.port)])

  expect(await serve.exitCode).toBe(1)
  expect(serve.output()).toContain(`port ${provider.port} on 127.0.0.1 is taken by another process`)
  expect(serve.output()).toContain('nemoclaw mock serve --port 0')
})

test('refuses a variable that holds no key', async () => {
  await using serve = runServe(['--port', '0', '--api-key-from-env', 'NO_SUCH_KEY'])

  expect(await serve.exitCode).toBe(2)
  expect(serve.output()).toContain("requires local env var 'NO_SUCH_KEY' to be set to a non-empty value")
})

function post(url: string, key?: string): Promise<Response> {
  const headers = { 'content-type': 'application/json', ...(key !== undefined && { authorization: `Bearer ${key}` }) }
  return fetch(`${url}/chat/completions`, { method: 'POST', headers, body: hello })
}

interface RunningServe extends AsyncDisposable {
  readonly child: ChildProcess
  readonly exitCode: Promise<number | null>
  /** The next line of standard output. */
  line(): Promise<string>
  /** All that was printed. */
  output(): string
}

function runServe(args: readonly string[], environment: Readonly<Record<string, string>> = {}): RunningServe {
  const home = mkdtempSync(join(tmpdir(), 'mock-serve-'))
  const { PATH } = process.env
  const child = spawn(process.execPath, [NEMOCLAW, 'mock', 'serve', ...args], {
    env: { PATH, HOME: home, NEMOCLAW_HOME: home, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let printed = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (piece: Buffer) => {
      printed += piece
    })
  }
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]()
  const exitCode = once(child, 'close').then(([code]) => code as number | null)
  return {
    child,
    exitCode,
    line: async () => (await lines.next()).value ?? '',
    output: () => printed,
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exitCode
      rmSync(home, { recursive: true, force: true })
    },
  }
}
