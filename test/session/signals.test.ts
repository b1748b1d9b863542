import { once } from 'node:events'
import { readdirSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import type { CliHome } from '../cli/run-cli.js'
import { openAnswer, readAnswer } from './ask-inference.js'
import { runProxyCommand } from './run-proxy-command.js'
import { homeWithRoute, sessionHome } from './session-home.js'

const sessionsOf = (home: CliHome) => join(home.env['NEMOCLAW_HOME']!, 'data', 'sessions')

test('the first signal lets a stream finish and refuses what is new; exit code 0, and nothing is left', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url, { model: 'mock/slow-stream:150' })
  await using proxy = await runProxyCommand(home)
  const stream = await openAnswer(proxy, { stream: true })

  proxy.kill('SIGTERM')
  expect(await proxy.line({ action: 'draining' })).toMatchObject({ exchangesUnderWay: 1 })
  const late = connect(proxy.port, '127.0.0.1')
  const [error] = (await once(late, 'error')) as [NodeJS.ErrnoException]
  // Reset where it came between the signal and the close.
  expect(error.code).toMatch(/^ECONN(REFUSED|RESET)$/)
  expect((await home.run(['env'])).stderr).toContain('no proxy is running')

  expect((await readAnswer(stream)).text.trimEnd()).toMatch(/data: \[DONE\]$/)
  const finishedAt = performance.now()
  expect(await proxy.ended).toEqual([0, null])
  expect(performance.now() - finishedAt).toBeLessThan(8_000)
  expect(proxy.lines.at(-1)).toMatchObject({ action: 'stopped' })
  expect(readdirSync(sessionsOf(home))).toEqual([])
})

test('a second signal cuts at once what the first one waits for', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url, { model: 'mock/hang-mid-stream' })
  await using proxy = await runProxyCommand(home)
  const stream = await openAnswer(proxy, { stream: true })

  proxy.kill('SIGTERM')
  await proxy.line({ action: 'draining' })
  const cutAt = performance.now()
  proxy.kill('SIGTERM')

  await expect(readAnswer(stream)).rejects.toThrow()
  expect(await proxy.ended).toEqual([0, null])
  const cutMs = performance.now() - cutAt
  console.log(`ended ${Math.round(cutMs)} ms after the second signal`)
  expect(cutMs).toBeLessThan(8_000)
})

test('--drain-timeout limits how long a stream is waited for', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url, { model: 'mock/hang-mid-stream' })
  await using proxy = await runProxyCommand(home, { args: ['--drain-timeout', '1'] })
  const stream = await openAnswer(proxy, { stream: true })

  const signalledAt = performance.now()
  proxy.kill('SIGINT')

  await expect(readAnswer(stream)).rejects.toThrow()
  expect(await proxy.ended).toEqual([0, null])
  const drainMs = performance.now() - signalledAt
  console.log(`ended ${Math.round(drainMs)} ms after a signal with a limit of 1 s`)
  expect(drainMs).toBeGreaterThan(900)
  expect(drainMs).toBeLessThan(4_000)
})

test('a source of credentials that hangs does not hold up the end', async () => {
  await using provider = await startMockProvider()
  using home = sessionHome()
  const create = ['provider', 'create', '--name', 'p', '--type', 'mock', '--base-url', provider.url, '--no-verify']
  await home.json([...create, '--credential', 'MOCK_API_KEY=exec:sleep 60'])
  await home.json(['cluster', 'inference', 'set', '--provider', 'p', '--model', 'mock/echo', '--no-verify'])
  await using proxy = await runProxyCommand(home)

  const signalledAt = performance.now()
  proxy.kill('SIGTERM')

  expect(await proxy.ended).toEqual([0, null])
  expect(performance.now() - signalledAt).toBeLessThan(8_000)
})

test('what a killed proxy leaves is swept and explained, once', async () => {
  using home = sessionHome()
  await using proxy = await runProxyCommand(home)
  const [record] = readdirSync(sessionsOf(home)).filter((name) => name.endsWith('.json'))
  expect(statSync(join(sessionsOf(home), record!)).mode & 0o777).toBe(0o600)
  expect(statSync(sessionsOf(home)).mode & 0o777).toBe(0o700)
  proxy.kill('SIGKILL')
  await proxy.ended
  expect(readdirSync(sessionsOf(home))).not.toEqual([])

  const first = await home.run(['env'])
  const second = await home.run(['proxy', 'status'])

  expect([first.code, first.stdout]).toEqual([1, ''])
  expect(first.stderr).toBe(
    `Error: no proxy is running: the one that listened on ${proxy.url} (pid ${proxy.pid}) was killed or went down\n` +
      '  Start it: nemoclaw proxy run\n',
  )
  expect([second.code, second.stderr]).toEqual([1, 'Error: no proxy is running\n  Start it: nemoclaw proxy run\n'])
  expect(readdirSync(sessionsOf(home))).toEqual([])
})

test('of two proxies the newer one is shown and led to; when it has ended, the older one is', async () => {
  using home = sessionHome()
  await using older = await runProxyCommand(home)
  const newer = await runProxyCommand(home)
  const ledTo = async () => new URL(((await home.json(['env'])) as Record<string, string>)['HTTPS_PROXY']!).port

  expect(await ledTo()).toBe(String(newer.port))
  await newer[Symbol.asyncDispose]()
  expect(await ledTo()).toBe(String(older.port))
})

test('a proxy that does not answer is not waited for without end', async () => {
  using home = sessionHome()
  await using proxy = await runProxyCommand(home)

  proxy.kill('SIGSTOP')
  const { code, stderr } = await home.run(['proxy', 'status'])
  proxy.kill('SIGCONT')

  expect(code).toBe(1)
  expect(stderr).toContain(`the proxy with pid ${proxy.pid} does not answer`)
  expect(stderr).toContain(`ps -fp ${proxy.pid}`)
})
