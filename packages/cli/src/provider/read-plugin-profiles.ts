import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { ProviderPlugin } from './provider-plugins.js'

/** What one plugin handed over, not yet checked. */
export interface PluginAnswer {
  readonly package: string
  readonly packageVersion: string
  readonly bundled: boolean
  readonly profiles: readonly unknown[]
  readonly failure?: string
}

export interface ReadPluginProfilesOptions {
  /** Looks up the few variables the child is given. */
  readonly environment: (name: string) => string | undefined
  /** Milliseconds a child may take; 10,000 where left out. */
  readonly timeoutMs?: number
}

const TIMEOUT_MS = 10_000
/** How long output may still arrive after the process ended, in milliseconds. */
const GRACE_MS = 500
const MAX_OUTPUT_BYTES = 1024 * 1024
// No credential, no keychain session, no proxy: only what a program needs to start.
const CHILD_ENVIRONMENT = ['PATH', 'HOME', 'XDG_CONFIG_HOME', 'XDG_DATA_HOME', 'XDG_CACHE_HOME', 'SystemRoot'] as const

/**
 * Runs the plugins in child processes with next to no environment and takes down what they contribute.
 *
 * The bundled ones share a process; every other plugin has its own, so that it can neither end, nor hold up, nor
 * change what another one says.
 */
export async function readPluginProfiles(
  plugins: readonly ProviderPlugin[],
  options: ReadPluginProfilesOptions,
): Promise<readonly PluginAnswer[]> {
  const bundled = plugins.filter((plugin) => plugin.bundled)
  const others = plugins.filter((plugin) => !plugin.bundled).map((plugin) => [plugin])
  const groups = bundled.length > 0 ? [bundled, ...others] : others
  const answers = await Promise.all(groups.map((group) => askGroup(group, options)))
  return answers.flat()
}

async function askGroup(
  group: readonly ProviderPlugin[],
  options: ReadPluginProfilesOptions,
): Promise<readonly PluginAnswer[]> {
  const { lines, ending } = await runReader(
    group.map(({ root }) => root),
    options,
  )
  return group.map(({ name, version, root, bundled }) => {
    const about = { package: name, packageVersion: version, bundled }
    const line = lines.find((candidate) => candidate.root === root)
    if (!line) return { ...about, profiles: [], failure: ending }
    return line.failure === undefined
      ? { ...about, profiles: line.profiles }
      : { ...about, profiles: line.profiles, failure: line.failure }
  })
}

interface ReaderLine {
  readonly root: string
  readonly profiles: readonly unknown[]
  readonly failure?: string
}

/** @returns What was said before the end, and how to put the end where something is missing. */
function runReader(
  roots: readonly string[],
  { environment, timeoutMs = TIMEOUT_MS }: ReadPluginProfilesOptions,
): Promise<{ readonly lines: readonly ReaderLine[]; readonly ending: string }> {
  const program = fileURLToPath(new URL('./profile-reader.js', import.meta.url))
  const child = spawn(process.execPath, [program, ...roots], {
    // Its own process group: what a plugin starts ends with it.
    detached: true,
    cwd: '/',
    env: childEnvironment(environment),
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  })
  return new Promise((resolve) => {
    let output = ''
    let ending = 'it ended the process that read it'
    const timer = setTimeout(() => stop(`it took longer than ${timeoutMs / 1000} s`), timeoutMs)
    const stop = (why: string): void => {
      ending = why
      killGroup(child)
    }
    child.stdio[3]?.on('data', (chunk: Buffer) => {
      output += chunk.toString('utf8')
      if (output.length > MAX_OUTPUT_BYTES) stop(`it handed over more than ${MAX_OUTPUT_BYTES} bytes`)
    })
    const finish = (): void => {
      clearTimeout(timer)
      child.stdio[3]?.destroy()
      resolve({ lines: parseLines(output), ending })
    }
    child.once('error', (error) => {
      ending = `the process that reads it could not be started: ${error.message}`
      finish()
    })
    child.once('exit', () => {
      killGroup(child)
      // A process that left the group may still hold the descriptor.
      setTimeout(finish, GRACE_MS).unref()
    })
    child.once('close', finish)
  })
}

function childEnvironment(environment: (name: string) => string | undefined): NodeJS.ProcessEnv {
  const given = CHILD_ENVIRONMENT.map((name) => [name, environment(name)] as const)
  const set = given.filter(([, value]) => value !== undefined)
  // Without this, libraries look for a session bus, and behind it the keychain, by themselves.
  const noKeychain = { DBUS_SESSION_BUS_ADDRESS: 'disabled:' }
  // oclif would look for the shell in passwd, where a container's user may have no entry, and then fail.
  return { ...Object.fromEntries(set), ...noKeychain, SHELL: '/bin/sh' }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // All of it has ended already.
  }
}

function parseLines(output: string): readonly ReaderLine[] {
  return output.split('\n').flatMap((line) => {
    try {
      const value: unknown = JSON.parse(line)
      return isReaderLine(value) ? [value] : []
    } catch {
      return []
    }
  })
}

function isReaderLine(value: unknown): value is ReaderLine {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof Reflect.get(value, 'root') === 'string' &&
    Array.isArray(Reflect.get(value, 'profiles')) &&
    ['string', 'undefined'].includes(typeof Reflect.get(value, 'failure'))
  )
}
