import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout } from 'node:timers/promises'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { CLI, type CliHome } from '../cli/run-cli.js'
import { IN_MOUNT_NAMESPACE, MOUNT_NAMESPACE, testNeeding } from '../state/test-needing.js'
import { type AskedProxy, ask, openInference } from './ask-inference.js'
import { runProxyCommand } from './run-proxy-command.js'
import { homeWithRoute } from './session-home.js'

/** Makes the proxy write `count` lines, by as many requests on one connection. */
async function makeLines(proxy: AskedProxy, count: number): Promise<void> {
  const tls = await openInference(proxy)
  const request = 'GET /v1/models HTTP/1.1\r\nHost: inference.local\r\n\r\n'
  let answers = 0
  tls.write(request)
  for await (const chunk of tls.setEncoding('latin1')) {
    answers += String(chunk).split('HTTP/1.1 200').length - 1
    if (answers >= count) break
    tls.write(request)
  }
}

function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kilobytes) * 1024
}

test('a reader of the log that stalls costs lines, not memory and not requests; it is told how many', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  await using proxy = await runProxyCommand(home)
  await makeLines(proxy, 200)
  const before = residentBytes(proxy.pid)

  proxy.pauseReading()
  await makeLines(proxy, 6_000)
  expect((await ask(proxy)).status).toBe(200)
  const grown = residentBytes(proxy.pid) - before
  proxy.resumeReading()
  await expect
    .poll(async () => {
      await ask(proxy)
      return proxy.lines.some(({ action }) => action === 'lines_lost')
    })
    .toBe(true)
  const lost = await proxy.line({ action: 'lines_lost' })

  console.log(`6,000 lines unread: ${lost['lines']} lost, resident set grown by ${Math.round(grown / 2 ** 20)} MiB`)
  expect(lost['lines']).toBeGreaterThan(1_000)
  expect(grown).toBeLessThan(64 * 2 ** 20)
  // Where the reader is still catching up, the next lines may be lost once more.
  const isWhole = () => proxy.lines.slice(proxy.lines.indexOf(lost)).some(({ kind }) => kind === 'exchange')
  await expect.poll(async () => (await ask(proxy)) && isWhole()).toBe(true)
}, 90_000)

test('a log for a person: aligned, hinting at the next step, no line that a terminal acts on', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  const log = join(home.path, 'log')
  await using proxy = await startWithLog(home, log)

  const { port } = new URL((await proxy.until(/listening on (\S+)/))[1]!)
  await once(connect(Number(port), '127.0.0.1').end('GET http://x\u001b]0;\u0007/ HTTP/1.1\r\n\r\n').resume(), 'close')
  await once(connect(Number(port), '127.0.0.1').end('CONNECT example.com:443 HTTP/1.1\r\n\r\n').resume(), 'close')
  await proxy.until(/DENY {6}CONNECT example\.com:443 {2}\S/)

  const text = readFileSync(log, 'utf8')
  expect(text).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}PROXY {5}listening on http:/m)
  expect(text).toContain('eval "$(nemoclaw env)"')
  await proxy.until(/ROUTE {5}inference\.local -> p, mock\/echo, revision [0-9a-f]{12}/)
  expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
})

testNeeding(fullDisk() ? [] : ['/dev/full'])('a log on a full disk does not take the proxy with it', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  await using _proxy = await startWithLog(home, '/dev/full')
  await expect.poll(async () => (await home.run(['proxy', 'status'])).code, { timeout: 10_000 }).toBe(0)

  const { url } = (await home.json(['proxy', 'status'])) as { url: string }
  for (let count = 0; count < 3; count++) {
    expect((await ask({ home, port: Number(new URL(url).port) })).status).toBe(200)
  }
  expect((await home.run(['doctor'])).code).toBe(0)
})

testNeeding(['unshare', 'mount', MOUNT_NAMESPACE])(
  'a log on a disk that was full goes on when there is space again, and says how many lines are missing',
  async () => {
    await using provider = await startMockProvider()
    using home = await homeWithRoute(provider.url)
    const disk = join(home.path, 'disk')
    mkdirSync(disk)
    // The disk is seen by the script alone; it copies the log out after each step.
    const script = `mount -t tmpfs -o size=16k tmpfs "$1" && cd "$1" || exit 1
      "$2" "$3" proxy run --listen 127.0.0.1:0 --log-format json >> log & proxy=$!
      trap 'kill -9 $proxy' EXIT
      read step; dd if=/dev/zero of=filler bs=1k 2>/dev/null; echo full
      read step; rm filler; echo free
      read step; cat log`
    const child = spawn(
      IN_MOUNT_NAMESPACE[0],
      [...IN_MOUNT_NAMESPACE.slice(1), 'sh', '-c', script, 'sh', disk, process.execPath, CLI],
      {
        env: home.env,
        stdio: ['pipe', 'pipe', 'inherit'],
      },
    )
    const output = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
    const step = async () => {
      child.stdin.write('next\n')
      return (await output.next()).value as string
    }
    await expect.poll(async () => (await home.run(['proxy', 'status'])).code, { timeout: 15_000 }).toBe(0)
    const { url } = (await home.json(['proxy', 'status'])) as { url: string }
    const proxy = { home, port: Number(new URL(url).port) }

    expect(await step()).toBe('full')
    await makeLines(proxy, 100)
    expect(await step()).toBe('free')
    await makeLines(proxy, 1)
    child.stdin.write('next\n')
    const texts: string[] = []
    for (let line = await output.next(); !line.done; line = await output.next()) texts.push(line.value)
    // One line may be cut, where the disk ended within it, and no other.
    const lines = texts.flatMap((text) => parsed(text) ?? [])
    expect(texts.length - lines.length).toBeLessThanOrEqual(1)

    expect(lines.find(({ action }) => action === 'lines_lost')?.lines).toBeGreaterThan(50)
    expect(lines.at(-1)).toMatchObject({ kind: 'exchange', status: 200 })
  },
  60_000,
)

function parsed(text: string): { readonly action?: string; readonly lines?: number } | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function fullDisk(): boolean {
  return statSync('/dev/full', { throwIfNoEntry: false })?.isCharacterDevice() === true
}

/** `proxy run` with a log for a person in a file. */
async function startWithLog(home: CliHome, path: string) {
  const fd = openSync(path, 'a', 0o600)
  const child = spawn(process.execPath, [CLI, 'proxy', 'run', '--listen', '127.0.0.1:0'], {
    env: home.env,
    stdio: ['ignore', fd, 'ignore'],
  })
  closeSync(fd)
  const ended = once(child, 'close')
  return {
    async until(pattern: RegExp) {
      for (const deadline = performance.now() + 10_000; performance.now() < deadline; await setTimeout(20)) {
        const found = pattern.exec(readFileSync(path, 'utf8'))
        if (found) return found
      }
      throw new Error(`no ${pattern} in:\n${readFileSync(path, 'utf8')}`)
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await ended
    },
  }
}
