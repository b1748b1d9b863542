import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, copyFile, cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { CallingPrograms } from '../../packages/proxy-core/src/access/calling-program.js'

export const IS_ROOT = process.getuid?.() === 0
/** `nobody`, where there is a choice. */
export const ORDINARY_UID = IS_ROOT ? 65534 : process.getuid!()

export interface TestFolder extends AsyncDisposable {
  readonly path: string
}

/** A folder that every user may read, whoever makes it. */
export async function testFolder(): Promise<TestFolder> {
  const path = await mkdtemp(join(tmpdir(), 'nemoclaw-programs-'))
  await chmod(path, 0o755)
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

export interface IdentifyingListener extends AsyncDisposable {
  readonly port: number
  /** Of the next connection, when it has sent something. */
  readonly next: () => Promise<CallingPrograms | null>
  /** Of the last one, once more. */
  readonly again: () => Promise<CallingPrograms | null>
}

/**
 * Starts identifying-listener.mjs as a user. What it needs is copied to where every user may read it: a checkout and
 * a Node.js of root's need not be.
 */
export async function startListener(
  uid: number,
  { host = '127.0.0.1', mode = 'loop' }: { readonly host?: string; readonly mode?: 'loop' | 'off-loop' } = {},
): Promise<IdentifyingListener> {
  const folder = await testFolder()
  const script = join(folder.path, 'identifying-listener.mjs')
  const node = join(folder.path, 'node')
  await Promise.all([
    cp(new URL('../../packages/proxy-core/dist', import.meta.url), join(folder.path, 'dist'), { recursive: true }),
    writeFile(join(folder.path, 'package.json'), '{"type":"module"}'),
    copyFile(new URL('./identifying-listener.mjs', import.meta.url), script),
    copyFile(process.execPath, node),
  ])
  const child = spawn(node, [script, join(folder.path, 'dist'), host, mode], {
    ...(uid === process.getuid!() ? {} : { uid, gid: uid }),
    cwd: '/',
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const read = async () => {
    const { value, done } = await lines.next()
    if (done) {
      throw new Error('the listener has ended')
    }
    return JSON.parse(value)
  }
  return {
    port: await read(),
    next: read,
    again: () => {
      child.stdin.write('\n')
      return read()
    },
    async [Symbol.asyncDispose]() {
      await end(child, child.pid!)
      await folder[Symbol.asyncDispose]()
    },
  }
}

export interface TestClient extends AsyncDisposable {
  readonly pid: number
  /** The next line of its output. */
  readonly line: () => Promise<string>
}

/** Starts a client in a session of its own; it and what it starts are ended with it. */
export function startClient(uid: number, command: string, args: readonly string[]): TestClient {
  const child = spawn(command, args, {
    ...(uid === process.getuid!() ? {} : { uid, gid: uid }),
    cwd: '/',
    env: { PATH: '/usr/bin:/bin' },
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    pid: child.pid!,
    line: async () => String((await lines.next()).value),
    [Symbol.asyncDispose]: () => end(child, -child.pid!),
  }
}

async function end(child: ChildProcess, target: number): Promise<void> {
  const exited = child.exitCode === null && child.signalCode === null ? once(child, 'exit') : undefined
  try {
    process.kill(target, 'SIGKILL')
  } catch {
    // Ended by itself.
  }
  await exited
}
