import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { realpathSync } from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
// The built one: the thread is a file of its own.
import { identifyCallingPrograms } from '../../packages/proxy-core/dist/access/identify-calling-programs.js'
import { identifyOffLoop } from '../../packages/proxy-core/dist/access/identify-off-loop.js'
import { IS_ROOT, ORDINARY_UID, startClient, startListener } from './identifying-listener.js'

const PYTHON = realpathSync('/usr/bin/python3')

async function connectedToSelf() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = connect((server.address() as { port: number }).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  return {
    accepted,
    [Symbol.dispose]() {
      client.destroy()
      accepted.destroy()
      server.close()
    },
  }
}

test.each([...(IS_ROOT ? [['root', 0] as const] : []), ['an ordinary user', ORDINARY_UID] as const])(
  'the thread of %s knows a program as the loop does',
  async (_, uid) => {
    await using listener = await startListener(uid, { mode: 'off-loop' })
    const code = `import socket, time\ns = socket.create_connection(("127.0.0.1", ${listener.port}))\ns.sendall(b"ready")\ntime.sleep(60)`
    await using _client = startClient(uid, PYTHON, ['-c', code])

    expect((await listener.next())?.processes.map(([own]) => own)).toEqual([PYTHON])
  },
)

test('many who ask at once get their own answers, from a few searches', async () => {
  using connection = await connectedToSelf()
  const identification = identifyOffLoop()
  const elsewhere = { remoteAddress: '127.0.0.1', remotePort: 1, localAddress: '127.0.0.1', localPort: 1 }
  await identification.identify(connection.accepted)
  const start = performance.now()

  const answers = await Promise.all(
    Array.from({ length: 200 }, (_, at) => identification.identify(at % 2 === 0 ? connection.accepted : elsewhere)),
  )

  const expected = identifyCallingPrograms(connection.accepted)
  expect(expected?.processes[0]?.[0]).toBe(realpathSync(process.execPath))
  expect(answers).toEqual(Array.from({ length: 200 }, (_, at) => (at % 2 === 0 ? expected : undefined)))
  // One search each would be 200 times some milliseconds.
  expect(performance.now() - start).toBeLessThan(1000)
  await identification.close()
})

test('a thread that does not answer in time identifies nobody, and neither does a closed one', async () => {
  using connection = await connectedToSelf()
  const hasty = identifyOffLoop(0)
  expect(await hasty.identify(connection.accepted)).toBeUndefined()
  await hasty.close()

  const closed = identifyOffLoop()
  const answers = [closed.identify(connection.accepted), closed.identify(connection.accepted)]
  await closed.close()
  expect(await Promise.all(answers)).toEqual([undefined, undefined])
})

test('the loop goes on while the thread searches', async () => {
  using connection = await connectedToSelf()
  const sleepers = Array.from({ length: 150 }, () => spawn('sleep', ['60'], { stdio: 'ignore' }))
  const identification = identifyOffLoop()
  await identification.identify(connection.accepted)
  let turns = 0
  const turn = setInterval(() => turns++, 1)
  await identification.identify(connection.accepted)
  clearInterval(turn)

  expect(turns).toBeGreaterThan(1)

  await identification.close()
  await Promise.all(sleepers.map(end))
})

const ROOT_ONLY = IS_ROOT ? '' : ' (NOT RUN: not root)'

test.skipIf(!IS_ROOT)(`a connection within another network namespace is nobody's${ROOT_ONLY}`, async () => {
  const connected = `import socket, fcntl, struct, time
n = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(n, 0x8914, struct.pack("16sh", b"lo", 1 | 8 | 64))
l = socket.create_server(("127.0.0.1", 0))
c = socket.create_connection(l.getsockname())
print(c.getsockname()[1], l.getsockname()[1], flush=True)
time.sleep(60)`
  const endsOf = async (client: { line: () => Promise<string> }) => {
    const [remotePort, localPort] = (await client.line()).split(' ').map(Number)
    return { remoteAddress: '127.0.0.1', localAddress: '127.0.0.1', remotePort, localPort }
  }
  await using here = startClient(0, PYTHON, ['-c', connected])
  await using there = startClient(0, '/usr/bin/unshare', ['--net', PYTHON, '-c', connected])

  expect(identifyCallingPrograms(await endsOf(here))?.processes.map(([own]) => own)).toEqual([PYTHON])
  expect(identifyCallingPrograms(await endsOf(there))).toBeUndefined()
})

async function end(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}
