import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { temporaryDirectory } from '../state/temporary-directory.js'

export interface SecretService extends AsyncDisposable {
  /** What leads a program to this Secret Service, and to no other. */
  readonly environment: (name: string) => string | undefined
  readonly variables: Readonly<Record<string, string>>
  readonly lock: () => void
  /** What is stored under attributes such as `service,nemoclaw`: the items' paths. */
  readonly search: (attributes: string) => readonly string[]
  readonly keyring: ChildProcess
  readonly bus: ChildProcess
}

/** The programs that `startSecretService` needs. */
export const SECRET_SERVICE_PROGRAMS = ['dbus-daemon', 'dbus-send', 'gnome-keyring-daemon']

/** A real, headless, unlocked Secret Service: gnome-keyring on a session bus of its own, with folders of its own. */
export async function startSecretService(): Promise<SecretService> {
  const directory = temporaryDirectory()
  const folder = (name: string): string => {
    mkdirSync(`${directory.path}/${name}`, { mode: 0o700 })
    return `${directory.path}/${name}`
  }
  const base = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder('home'),
    XDG_RUNTIME_DIR: folder('run'),
    XDG_DATA_HOME: folder('data'),
  }
  // What dbus-run-session does, with process ids that we know.
  const bus = spawn('dbus-daemon', ['--session', '--nofork', '--nopidfile', '--print-address'], {
    env: base,
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const [address] = (await once(createInterface({ input: bus.stdout }), 'line')) as [string]
  const variables = { ...base, DBUS_SESSION_BUS_ADDRESS: address }
  const keyring = spawn('gnome-keyring-daemon', ['--unlock', '--foreground', '--components=secrets'], {
    env: variables,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  keyring.stdin.end('keyring password')
  const dispose = async (): Promise<void> => {
    for (const child of [keyring, bus]) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGKILL')
      await once(child, 'exit')
    }
    directory[Symbol.dispose]()
  }
  try {
    await hasOwner(variables)
  } catch (error) {
    await dispose()
    throw error
  }

  return {
    environment: (name) => (variables as Record<string, string>)[name],
    variables,
    keyring,
    bus,
    lock: () => {
      dbusSend(variables, [
        ...['--dest=org.freedesktop.secrets', '/org/freedesktop/secrets', 'org.freedesktop.Secret.Service.Lock'],
        'array:objpath:/org/freedesktop/secrets/collection/login',
      ])
    },
    search: (attributes) => {
      const reply = dbusSend(variables, [
        ...['--dest=org.freedesktop.secrets', '/org/freedesktop/secrets', 'org.freedesktop.Secret.Service.SearchItems'],
        `dict:string:string:${attributes}`,
      ])
      return reply.match(/\/org\/freedesktop\/secrets\/collection\/\S+\/\d+/g) ?? []
    },
    [Symbol.asyncDispose]: dispose,
  }
}

/** Asked of the bus: a call to the service itself would have the bus start another one. */
async function hasOwner(env: NodeJS.ProcessEnv): Promise<void> {
  const question = [
    '--dest=org.freedesktop.DBus',
    '/',
    'org.freedesktop.DBus.NameHasOwner',
    'string:org.freedesktop.secrets',
  ]
  for (let attempts = 0; attempts < 500; attempts++) {
    if (dbusSend(env, question).includes('boolean true')) return
    await delay(10)
  }
  throw new Error('gnome-keyring-daemon did not come up')
}

/** @returns what is printed of the reply. */
export function dbusSend(env: NodeJS.ProcessEnv, args: readonly string[]): string {
  const command = ['--session', '--print-reply', '--reply-timeout=5000', ...args]
  const { status, stdout, stderr } = spawnSync('dbus-send', command, { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`dbus-send ${args.join(' ')}: ${stderr}`)
  return stdout
}
