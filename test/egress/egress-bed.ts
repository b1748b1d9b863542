import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type CliHome, cliHome } from '../cli/run-cli.js'
import { runCommand } from '../session/run-command.js'
import { Arrivals } from './arrivals.js'
import { NameServer } from './name-server.js'

/**
 * A network in which every address is this machine's own, so that whatever gets out of the proxy arrives somewhere and is
 * seen. Programs are run inside of it; the test stays outside and decides what names and connections are answered with.
 */
export interface EgressBed extends AsyncDisposable {
  readonly names: NameServer
  readonly arrivals: Arrivals
  /** State of the proxies that run inside. */
  readonly home: CliHome
  /** A directory that is there inside and outside. */
  readonly folder: string
  /** Replaces /etc/hosts. */
  setHosts(lines: readonly string[]): void
  /** Replaces /etc/resolv.conf but for the name server's line. */
  setResolver(lines: readonly string[]): void
  /** Connects to an address inside. */
  dial(where: DialledAddress): Promise<Socket>
  /** Everything that was sent out before this call has arrived once it returns. */
  settle(): Promise<void>
  /** What to run for a program and its arguments to be inside. */
  inside(command: readonly string[]): readonly [string, ...string[]]
  /** Runs a program inside, to its end. */
  run(command: readonly string[]): ReturnType<typeof runCommand>
  /** Forgets names, questions, hosts and arrivals. */
  clear(): void
}

export interface DialledAddress {
  readonly host: string
  readonly port: number
  /** Whether ending it closes it: from outside, the one looks like the other. */
  readonly endsWhole?: boolean
}

/** Where connections to every address are taken. */
export const PORTS = [22, 80, 443, 5432, 8000, 8443] as const

const BED = fileURLToPath(new URL('programs/bed.mjs', import.meta.url))
const AS_ROOT = process.geteuid?.() === 0
const NAMESPACES = [...(AS_ROOT ? [] : ['--user', '--map-root-user']), '--net', '--mount']
const NAME_SERVER = 'nameserver 127.0.0.53'
/** A test that is cut off disposes of nothing. */
const ENDING_WITH_US = ['setpriv', '--pdeathsig', 'KILL', '--']
/** Nobody dials it but `settle`. */
const MARKER = '192.0.2.254'

/** What is missing for a bed to be had here: nothing, or in words. */
export function missingForBed(): readonly string[] {
  const { status } = spawnSync('unshare', [...NAMESPACES, '--', 'ip', 'link', 'set', 'lo', 'up'], { stdio: 'ignore' })
  return status === 0 ? [] : ['a network and a mount namespace (run as root, with iproute2)']
}

export async function startEgressBed(): Promise<EgressBed> {
  const folder = mkdtempSync(join(tmpdir(), 'nemoclaw-egress-'))
  const setHosts = (lines: readonly string[]) =>
    writeFileSync(join(folder, 'hosts'), ['127.0.0.1 localhost', '::1 localhost', ...lines, ''].join('\n'))
  const setResolver = (lines: readonly string[]) =>
    writeFileSync(join(folder, 'resolv.conf'), [NAME_SERVER, ...lines, ''].join('\n'))
  setHosts([])
  setResolver([])
  // Nothing that asks a daemon outside: its socket in the file system would lead out of the network.
  writeFileSync(join(folder, 'nsswitch.conf'), 'hosts: files dns\n')
  let names = new NameServer()
  const arrivals = new Arrivals(join(folder, 'everywhere.sock'))
  const home = cliHome()
  const child = spawn('unshare', [...NAMESPACES, '--', process.execPath, BED, folder, ...PORTS.map(String)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  await answerQueries(child, () => names)

  const dial = async (where: DialledAddress) => {
    const socket = connect({ path: join(folder, 'dial.sock'), allowHalfOpen: true })
    await once(socket, 'connect')
    socket.write(`${JSON.stringify(where)}\n`)
    return socket
  }
  const inside = (command: readonly string[]) =>
    ['nsenter', ...entering(child.pid!), '--', ...ENDING_WITH_US, ...command] as const
  return {
    get names() {
      return names
    },
    arrivals,
    home,
    folder,
    setHosts,
    setResolver,
    dial,
    async settle() {
      // Each port takes its connections in order: what was dialled before a marker is there before it.
      await Promise.all(
        PORTS.map(async (port) => {
          const marker = await dial({ host: MARKER, port })
          arrivals.remove(await arrivals.find((arrival) => arrival.address === MARKER && arrival.port === port))
          marker.destroy()
        }),
      )
    },
    inside,
    run(command) {
      const [program, ...args] = inside(command)
      return runCommand(program, args, { PATH: process.env['PATH'] ?? '' })
    },
    clear() {
      names = new NameServer()
      arrivals.clear()
      setHosts([])
      setResolver([])
    },
    async [Symbol.asyncDispose]() {
      child.stdin!.end()
      if (child.exitCode === null) await once(child, 'close')
      await arrivals[Symbol.asyncDispose]()
      home[Symbol.dispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function entering(pid: number): readonly string[] {
  return ['--target', String(pid), '--net', '--mount', ...(AS_ROOT ? [] : ['--user', '--preserve-credentials'])]
}

/** Returns once the bed is ready. */
async function answerQueries(child: ChildProcess, names: () => NameServer): Promise<void> {
  const lines = createInterface({ input: child.stdout! })
  const ready = new Promise<void>((resolve, reject) => {
    lines.on('line', async (line) => {
      const { query, transport, message } = JSON.parse(line) as {
        query?: number
        transport: 'udp' | 'tcp'
        message: string
      }
      if (query === undefined) {
        resolve()
        return
      }
      const answer = await names().answer(Buffer.from(message, 'base64'), transport)
      if (answer && child.stdin!.writable) {
        child.stdin!.write(`${JSON.stringify({ query, message: answer.toString('base64') })}\n`)
      }
    })
    child.once('close', (code) => reject(new Error(`the bed ended with exit code ${code}`)))
  })
  await ready
}
