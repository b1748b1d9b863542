import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect, test } from 'vitest'
import { CLI } from '../cli/run-cli.js'
import { runProxyCommand } from './run-proxy-command.js'
import { homeWithRoute, SECRET, sessionHome } from './session-home.js'

test('env gives a shell all that curl needs, no credential, and the way through the proxy whatever was inherited', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  await using proxy = await runProxyCommand(home)

  const { code, stdout } = await home.run(['env'])
  expect(code).toBe(0)
  expect(stdout).not.toContain(SECRET)
  expect(stdout).not.toContain('correct horse')
  const json = (await home.json(['env'])) as Record<string, string>
  expect(new URL(json['HTTPS_PROXY']!).port).toBe(String(proxy.port))

  // A shell that has nothing but what it was given, and a list that leads around the proxy.
  const shell = spawn(
    'sh',
    ['-c', `eval "$1"; exec curl -sS -i --max-time 20 "$OPENAI_BASE_URL/models"`, 'sh', stdout],
    {
      env: { PATH: process.env['PATH'] ?? '', NO_PROXY: 'inference.local', no_proxy: '*' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  const answer = Buffer.concat((await shell.stdout.toArray()) as Buffer[]).toString()
  expect(answer).toContain('HTTP/1.1 200 OK')
  expect(answer).toContain('"object":"list"')
})

test('ca path and ca show name the root that openssl sees', async () => {
  using home = sessionHome()

  const path = (await home.run(['ca', 'path'])).stdout.trim()
  const { rootFingerprint } = (await home.json(['ca', 'show'])) as { rootFingerprint: string }

  const said = execFileSync('openssl', ['x509', '-noout', '-fingerprint', '-sha256', '-in', path], { encoding: 'utf8' })
  expect(said.trim().split('=')[1]).toBe(rootFingerprint)
})

test('what lies in the folder where the proxy is started changes nothing', async () => {
  await using provider = await startMockProvider()
  await using other = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  const cwd = join(home.path, 'project')
  mkdirSync(join(cwd, '.nemoclaw'), { recursive: true })
  writeFileSync(join(cwd, '.env'), `MOCK_BASE_URL=${other.url}\nNEMOCLAW_HOME=${cwd}\nNODE_TLS_REJECT_UNAUTHORIZED=0\n`)
  writeFileSync(join(cwd, 'nemoclaw.yaml'), `provider: { base_url: "${other.url}" }\n`)
  writeFileSync(join(cwd, '.nemoclaw', 'config.json'), '{"schemaVersion":1,"version":9,"providers":{}}')
  writeFileSync(join(cwd, 'package.json'), '{"oclif":{"plugins":["./evil.js"],"hooks":{"init":"./evil.js"}}}')
  writeFileSync(join(cwd, 'evil.js'), `require('node:fs').writeFileSync('${home.path}/ran', '')`)
  await using proxy = await runProxyCommand(home, { cwd })
  const { ask } = await import('./ask-inference.js')

  expect((await ask(proxy)).status).toBe(200)
  expect([provider.received.length, other.received.length]).toEqual([1, 0])
  expect(existsSync(join(home.path, 'ran'))).toBe(false)
})

test('doctor finds nothing wrong where all is well, and a dead provider credential, a bypass and a broken file where not', async () => {
  await using provider = await startMockProvider()
  using home = await homeWithRoute(provider.url)
  await using _proxy = await runProxyCommand(home)
  type Findings = readonly { check: string; verdict: string; message: string; fix?: string }[]

  const well = (await home.json(['doctor'])) as Findings
  expect(well.filter(({ verdict }) => verdict === 'fail')).toEqual([])
  expect(well.find(({ check }) => check === 'inference.local')?.verdict).toBe('ok')

  const failing = async (env: Record<string, string>) => {
    const { code, stdout } = await home.run(['doctor', '--json'], { env })
    expect(code).toBe(1)
    return (JSON.parse(stdout) as Findings).filter(({ verdict }) => verdict === 'fail')
  }
  const led = (await home.json(['env'])) as Record<string, string>
  expect(await failing({ ...led, NO_PROXY: 'localhost,.local' })).toMatchObject([
    { check: 'shell', message: expect.stringContaining('NO_PROXY'), fix: 'eval "$(nemoclaw env)"' },
  ])
  expect((await failing({ NODE_TLS_REJECT_UNAUTHORIZED: '0' }))[0]).toMatchObject({
    check: 'tls-verification',
    fix: 'unset NODE_TLS_REJECT_UNAUTHORIZED',
  })
  expect((await failing({ NEMOCLAW_PASSPHRASE: 'another one' }))[0]).toMatchObject({ check: 'route' })
  writeFileSync(join(home.env['NEMOCLAW_HOME']!, 'config', 'config.json'), 'broken')
  expect(await failing({})).toContainEqual(expect.objectContaining({ check: 'configuration', fix: expect.any(String) }))
})

test('the demonstration works, also without curl, and leaves nothing behind, also when it is interrupted', async () => {
  using home = sessionHome()
  const temporary = join(home.path, 'tmp')
  const bin = join(home.path, 'bin')
  mkdirSync(temporary)
  mkdirSync(bin)
  symlinkSync(process.execPath, join(bin, 'node'))
  const env = { PATH: bin, HOME: home.path, TMPDIR: temporary }

  const done = spawnSync(process.execPath, [CLI, 'demo'], { env, encoding: 'utf8', timeout: 60_000 })
  expect([done.status, done.stderr]).toEqual([0, ''])
  expect(done.stdout).toContain('mock/echo')
  expect(readdirSync(temporary)).toEqual([])

  const child = spawn(process.execPath, [CLI, 'demo'], { env, detached: true, stdio: ['ignore', 'pipe', 'ignore'] })
  const closed = once(child, 'close')
  let said = ''
  for await (const text of child.stdout.setEncoding('utf8')) {
    said += text
    // To the whole group, as a terminal does.
    if (said.includes('listening http')) break
  }
  process.kill(-child.pid!, 'SIGINT')
  await closed
  expect(readdirSync(temporary)).toEqual([])
  // Nobody of its process group is left.
  expect(() => process.kill(-child.pid!, 0)).toThrow()
})
