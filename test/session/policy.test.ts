import { writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { collect } from '../proxy/start-test-proxy.js'
import { runProxyCommand } from './run-proxy-command.js'
import { sessionHome, succeed } from './session-home.js'

const LEARNING_ENDED =
  'learning has ended; what no policy allows is denied. See what was learned: nemoclaw policy suggest'
const TOKEN = 'a-token-of-a-client-0123456789'

/** What a proxy answers to bytes on one of its ports. */
async function ask(port: number, request: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(request)
  return collect(socket, 10_000)
}

const connectTo = (authority: string, ...fields: readonly string[]) =>
  [`CONNECT ${authority} HTTP/1.1`, `Host: ${authority}`, ...fields, '', ''].join('\r\n')

test('policy why: the latest denials, grouped, each with the line that allows it, which then does', async () => {
  using home = sessionHome()
  await using proxy = await runProxyCommand(home)
  await ask(proxy.port, connectTo('first.example:443'))
  await ask(proxy.port, connectTo('second.example:8443'))
  await ask(proxy.port, connectTo('second.example:8443'))
  await ask(proxy.port, connectTo('127.0.0.1:443'))

  const denials = await home.json(['policy', 'why'])
  const text = await succeed(home, ['policy', 'why'])

  expect(denials).toMatchObject([
    { host: '127.0.0.1', port: 443, why: 'never', count: 1, nextSteps: [] },
    { host: 'second.example', port: 8443, count: 2, nextSteps: ['nemoclaw policy allow second.example:8443'] },
    { host: 'first.example', port: 443, why: 'no_policy', count: 1, clients: [] },
  ])
  expect(text).toContain('\nnemoclaw policy allow second.example:8443\n')
  expect(text).toContain('Nothing can allow it.')
  const from = proxy.lines.length
  await succeed(home, text.match(/^nemoclaw (policy allow second.*)$/m)![1]!.split(' '))
  await proxy.line({ kind: 'config', action: 'applied' }, from)
  // A name that is allowed and does not exist: the gate has let it through.
  expect(await ask(proxy.port, connectTo('second.example:8443'))).toContain('error=dns_error')
})

test('policy why needs a proxy, and says when nothing was denied', async () => {
  using home = sessionHome()

  const without = await home.run(['policy', 'why'])
  await using _proxy = await runProxyCommand(home)
  const { code, stdout, stderr } = await home.run(['policy', 'why'])

  expect(without).toMatchObject({ code: 1, stderr: expect.stringContaining('no proxy is running') })
  expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
  expect(stderr).toContain('has denied nothing')
})

test('policy check answers as the proxy does: exit code 1 where something may not be reached, with what would allow it', async () => {
  using home = sessionHome()
  await succeed(home, ['policy', 'allow', '10.20.30.40:8000', '--private'])
  await succeed(home, ['policy', 'allow', '9.9.9.9:443', '--binary', '/usr/bin/git'])

  const check = (...args: readonly string[]) => home.run(['policy', 'check', ...args])

  expect(await check('10.20.30.40:8000')).toMatchObject({
    code: 0,
    stdout: '✓ 10.20.30.40:8000 is allowed by policy 10-20-30-40 (10.20.30.40)\n',
  })
  expect((await check('http://10.20.30.40:8000/a')).code).toBe(0)
  expect((await check('9.9.9.9:443', '--binary', '/usr/bin/git')).code).toBe(0)
  expect(await check('9.9.9.9:443', '--binary', '/usr/bin/curl')).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('nemoclaw policy allow 9.9.9.9:443 --binary /usr/bin/curl'),
  })
  expect((await check('9.9.9.9:443')).code).toBe(1)
  expect((await check('8.8.8.8:443')).stdout).toContain('no policy allows it')
  expect((await check('169.254.169.254:80')).stdout).toContain('no policy can allow')
  expect((await check('10.20.30.40')).code).toBe(2)
})

test('what no policy may open, --private does not open either', async () => {
  using home = sessionHome()

  expect(await home.run(['policy', 'allow', '8.8.8.8:80', '--private'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('is not a private one'),
  })
  expect((await home.run(['policy', 'allow', '127.0.0.1:80', '--private'])).code).toBe(2)
  expect((await home.run(['policy', 'allow', '*.example.com:80', '--private'])).code).toBe(2)
})

test('a policy that is invalid at the start is no policy to start with: told with line and column', async () => {
  using home = sessionHome()
  const file = join(home.path, 'policy.yaml')
  writeFileSync(file, 'version: 1\nnetwork_policies:\n  a: { endpoints: [{ host: "*", port: 443 }] }\n', {
    mode: 0o600,
  })

  const { code, stderr } = await home.run(['proxy', 'run', '--policy', file, '--listen', '127.0.0.1:0'])

  expect(code).toBe(1)
  expect(stderr).toContain('policy.yaml:3:')
})

test('a learning proxy is told of by every command, and ends learning by itself', async () => {
  using home = sessionHome()
  await using proxy = await runProxyCommand(home, { args: ['--learn', '--for', '6s'] })

  const status = await home.run(['proxy', 'status'])
  const list = await home.run(['provider', 'list'])
  await ask(proxy.port, connectTo('127.0.0.1:443'))

  expect(status.stdout).toMatch(/^Learning: +until /m)
  expect(status.stderr).toContain('LEARNING until')
  expect(list.stderr).toContain('LEARNING until')
  expect(await home.json(['policy', 'why'])).toMatchObject([{ host: '127.0.0.1', why: 'never' }])
  await proxy.line({ kind: 'config', action: 'applied', detail: LEARNING_ENDED })
  expect((await home.run(['provider', 'list'])).stderr).not.toContain('LEARNING')
  expect(await ask(proxy.port, connectTo('8.8.8.8:443'))).toContain('no policy allows it')
})

test.each([
  [['--learn', '--for', '2 days'], 'a number and s, m or h'],
  [['--learn', '--for', '25h'], 'at most 24h'],
  [['--for', '30m'], 'belongs to --learn'],
  [['--learn', '--allow-remote'], 'not together with --allow-remote'],
  [['--listen', 'ci=0.0.0.0:0'], 'needs a loopback address'],
  [['--listen', 'Not A Name=127.0.0.1:0'], 'is no name for a client'],
  [['--listen', '127.0.0.1:0', '--listen', '127.0.0.1:0'], 'may be given once'],
])('proxy run %j is refused', async (args, why) => {
  using home = sessionHome()

  const { code, stderr } = await home.run(['proxy', 'run', ...args])

  expect(code).toBe(2)
  expect(stderr).toContain(why)
})

test('a client is named in events: by its own listener, or by its token as Basic or Bearer', async () => {
  using home = sessionHome()
  const file = join(home.path, 'token')
  writeFileSync(file, `${TOKEN}\n`, { mode: 0o600 })
  const args = ['--listen', '127.0.0.1:0', '--listen', 'ci=127.0.0.1:0', '--client-token', `laptop=${file}`]
  await using proxy = await runProxyCommand(home, { args })
  const status = (await home.json(['proxy', 'status'])) as { clientUrls: Record<string, string> }
  const basic = Buffer.from(`anybody:${TOKEN}`).toString('base64')

  await ask(Number(new URL(status.clientUrls['ci']!).port), connectTo('a.example:443'))
  await ask(proxy.port, connectTo('b.example:443', `Proxy-Authorization: Bearer ${TOKEN}`))
  await ask(proxy.port, connectTo('c.example:443', `Proxy-Authorization: Basic ${basic}`))
  await ask(proxy.port, connectTo('d.example:443'))

  const named = proxy.lines.filter(({ kind }) => kind === 'egress').map(({ host, client }) => [host, client])
  expect(named).toEqual([
    ['a.example', 'ci'],
    ['b.example', 'laptop'],
    ['c.example', 'laptop'],
    ['d.example', undefined],
  ])
  expect(await home.json(['policy', 'why'])).toMatchObject([
    { clients: [] },
    { clients: ['laptop'] },
    { clients: ['laptop'] },
    { clients: ['ci'] },
  ])
  expect(proxy.output()).not.toContain(TOKEN)
})

test('a policy that is withdrawn while descriptors are missing is withdrawn once there are some, with no further change', async () => {
  using home = sessionHome()
  const file = join(home.path, 'policy.yaml')
  const policy = (host: string) => `version: 1\nnetwork_policies:\n  a: { endpoints: [{ host: ${host}, port: 443 }] }\n`
  writeFileSync(file, policy('a.invalid'), { mode: 0o600 })
  await using proxy = await runProxyCommand(home, {
    args: ['--policy', file],
    command: (program, args) => ['sh', '-c', 'ulimit -n 64; exec "$0" "$@"', program, ...args],
  })
  expect(await ask(proxy.port, connectTo('a.invalid:443'))).toContain('error=dns_error')
  // What it loads after its start has its descriptors by then.
  await sleep(2_000)

  const idle = Array.from({ length: 100 }, () => connect({ port: proxy.port, host: '127.0.0.1' }).on('error', () => {}))
  await Promise.all(idle.slice(0, 20).map((socket) => new Promise((resolve) => socket.once('connect', resolve))))
  writeFileSync(file, policy('b.invalid'))
  await proxy.line({ kind: 'config', action: 'kept_last_good', detail: 'cannot read ~/policy.yaml: EMFILE' })
  const from = proxy.lines.length
  for (const socket of idle) socket.destroy()

  await proxy.line({ kind: 'config', action: 'applied' }, from)
  expect(await ask(proxy.port, connectTo('a.invalid:443'))).toContain('no policy allows it')
})
