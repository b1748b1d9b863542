import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { decodeResponse, encodeLine, type KeychainQuestion, type KeychainResponse } from './keychain-protocol.js'

/** Why an answer did not come. */
export type KeychainSilence = { readonly outcome: 'timeout' } | { readonly outcome: 'ended'; readonly how: string }

/** What the keychain needs to find its user's session, on Linux, macOS and Windows. Nothing of ours. */
const PASSED_ON = [
  ...['HOME', 'PATH', 'USER', 'LOGNAME', 'LANG', 'TMPDIR', 'LD_LIBRARY_PATH'],
  ...['DBUS_SESSION_BUS_ADDRESS', 'XDG_RUNTIME_DIR', 'XDG_DATA_HOME', 'DISPLAY', 'WAYLAND_DISPLAY', 'XAUTHORITY'],
  ...['SystemRoot', 'USERPROFILE', 'APPDATA', 'LOCALAPPDATA', 'TEMP'],
]

/** Milliseconds that an unused keychain process is kept, so that several calls share one start of 80 ms. */
const IDLE_MS = 500

interface Pending {
  readonly settle: (response: KeychainResponse | KeychainSilence) => void
}

/**
 * A connection to a short-lived process that talks to the keychain, started when first asked and ended when idle.
 * Every answer comes within the time limit, or `timeout` does, and then the process is killed. Keeps our own process
 * alive only while an answer is awaited.
 */
export class KeychainConnection {
  readonly #environment: (name: string) => string | undefined
  readonly #timeoutMs: number
  #child: ChildProcess | undefined
  #idle: NodeJS.Timeout | undefined
  #lastId = 0
  readonly #pending = new Map<number, Pending>()

  constructor(environment: (name: string) => string | undefined, timeoutMs: number) {
    this.#environment = environment
    this.#timeoutMs = timeoutMs
  }

  async ask(question: KeychainQuestion): Promise<KeychainResponse | KeychainSilence> {
    clearTimeout(this.#idle)
    this.#child ??= this.#start()
    const { stdin } = this.#child
    const id = ++this.#lastId
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#end({ outcome: 'timeout' }), this.#timeoutMs)
      this.#pending.set(id, {
        settle: (response) => {
          clearTimeout(timer)
          this.#pending.delete(id)
          resolve(response)
          if (this.#pending.size === 0) this.#idle = setTimeout(() => this.#end(), IDLE_MS).unref()
        },
      })
      stdin?.write(encodeLine({ ...question, id }))
    })
  }

  #start(): ChildProcess {
    const environment = Object.fromEntries(
      PASSED_ON.map((name) => [name, this.#environment(name)] as const).filter(([, value]) => value !== undefined),
    )
    // In bin/, because it has the same place relative to src/ and to dist/.
    const program = fileURLToPath(new URL('../../bin/keychain-process.js', import.meta.url))
    const child = spawn(process.execPath, [program], {
      env: environment,
      cwd: '/',
      stdio: ['pipe', 'pipe', 'ignore'],
      windowsHide: true,
    })
    const over = (how: string): void => {
      if (this.#child === child) this.#end({ outcome: 'ended', how })
    }
    child.on('error', (error) => over('code' in error ? String(error.code) : 'not started'))
    child.on('exit', (code, signal) => over(signal ?? `exit code ${code}`))
    // It may end before it has read: then `exit` tells what there is to tell.
    child.stdin.on('error', () => {})
    createInterface({ input: child.stdout }).on('line', (line) => {
      const response = decodeResponse(line)
      if (response !== undefined) this.#pending.get(response.id)?.settle(response)
    })
    child.unref()
    for (const stream of [child.stdin, child.stdout]) if ('unref' in stream) (stream.unref as () => void)()
    return child
  }

  #end(silence: KeychainSilence = { outcome: 'ended', how: 'idle' }): void {
    clearTimeout(this.#idle)
    const child = this.#child
    this.#child = undefined
    child?.kill('SIGKILL')
    for (const { settle } of [...this.#pending.values()]) settle(silence)
    clearTimeout(this.#idle)
  }
}
