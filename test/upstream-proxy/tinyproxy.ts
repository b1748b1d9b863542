import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { IN_MOUNT_NAMESPACE } from '../state/test-needing.js'

/** A running tinyproxy: a proxy that nobody here wrote. */
export interface Tinyproxy extends AsyncDisposable {
  readonly url: string
  readonly port: number
  /** Its log until now. */
  readonly log: string
}

/** The one name that it can resolve and this machine cannot: it leads to 127.0.0.1. */
export const ONLY_THE_PROXY_KNOWS = 'provider.only-the-proxy-knows.example'

/** @param credential - `user:password` for Basic; without, everybody on this machine is served. */
export async function startTinyproxy(credential?: string): Promise<Tinyproxy> {
  const folder = mkdtempSync(join(tmpdir(), 'nemoclaw-tinyproxy-'))
  const file = (name: string) => join(folder, name)
  const port = await freePort()
  const [user, password] = credential?.split(':') ?? []
  writeFileSync(file('hosts'), `127.0.0.1 localhost ${ONLY_THE_PROXY_KNOWS}\n`)
  writeFileSync(
    file('tinyproxy.conf'),
    [
      `Port ${port}`,
      'Listen 127.0.0.1',
      'Allow 127.0.0.1',
      'Timeout 30',
      'MaxClients 50',
      `LogFile "${file('log')}"`,
      'LogLevel Info',
      ...(credential === undefined ? [] : [`BasicAuth ${user} ${password}`]),
      '',
    ].join('\n'),
  )
  const script = 'mount --bind "$1/hosts" /etc/hosts && exec tinyproxy -d -c "$1/tinyproxy.conf"'
  const [unshare, ...args] = IN_MOUNT_NAMESPACE
  const child = spawn(unshare, [...args, 'sh', '-c', script, 'sh', folder], { stdio: 'ignore' })
  const stop = async () => {
    await end(child)
    rmSync(folder, { recursive: true, force: true })
  }
  try {
    await listening(port, child)
  } catch (error) {
    await stop()
    throw error
  }
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    get log() {
      return readFileSync(file('log'), 'utf8')
    },
    [Symbol.asyncDispose]: stop,
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

async function listening(port: number, child: ChildProcess): Promise<void> {
  for (let tries = 0; tries < 100; tries++) {
    if (child.exitCode !== null) throw new Error(`tinyproxy ended with ${child.exitCode}`)
    const socket = connect({ port, host: '127.0.0.1' })
    const answered = await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error')]).catch(
      () => 0,
    )
    socket.destroy()
    if (answered === true) return
    await setTimeout(50)
  }
  throw new Error('tinyproxy does not listen')
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGTERM')
  const timer = globalThis.setTimeout(() => child.kill('SIGKILL'), 3_000)
  await once(child, 'exit')
  clearTimeout(timer)
}
