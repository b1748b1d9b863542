import { statSync } from 'node:fs'
import { CompiledPolicy, DENY_ALL, type PolicySource } from '@nemoclaw/proxy-core/policy'
import { untilStill } from '../config/until-still.js'
import { watchFile } from '../config/watch-file.js'
import { allowCommandOf, type PolicyFile } from '../policy/policy-file.js'
import { policySize } from '../policy/policy-size.js'
import { counted } from '../report/counted.js'
import { UserError } from '../user-error.js'
import type { ConfigurationEvent } from './session-routes.js'

/** Which policy is in force, for `proxy status`. */
export interface PolicyState {
  /** Absolute path. */
  readonly file: string
  /** Without a file, everything but inference.local is denied. */
  readonly exists: boolean
  readonly policies: number
  readonly endpoints: number
  /** ISO 8601, UTC; while it lasts, what no policy allows passes and is recorded. */
  readonly learningUntil?: string
  /** Why the file as it is now is not in force. */
  readonly problem?: string
}

export interface LivePolicyOptions {
  readonly file: PolicyFile
  /** Absent where nothing is learned. */
  readonly learningUntil: Date | undefined
  readonly onEvent: (event: ConfigurationEvent) => void
}

/** Between two attempts to read a file that could not be read for a reason that is not its own. */
const RETRY_MS = 500
/** By then the proxy has started. */
const PRELOAD_MS = 1_000

/** The policy of a session: its file watched, the last good one kept. */
export class LivePolicy implements PolicySource {
  readonly #options: LivePolicyOptions
  readonly #listeners = new Set<() => void>()
  readonly #stopWatching: () => void
  readonly #learning: NodeJS.Timeout | undefined
  #current: CompiledPolicy
  #exists: boolean
  #problem: string | undefined
  #isStale = false
  #isReloading = false
  #isClosed = false
  #retry: NodeJS.Timeout | undefined

  /** @throws {UserError} `ERR_POLICY_FILE_UNSAFE`, `ERR_POLICY_INVALID`: there is no last good policy yet. */
  static async open(options: LivePolicyOptions): Promise<LivePolicy> {
    return new LivePolicy(options, await load(options.file))
  }

  private constructor(options: LivePolicyOptions, { policy, exists }: Loaded) {
    this.#options = options
    this.#current = policy
    this.#exists = exists
    this.#stopWatching = watchFile(options.file.path, () => void this.#request())
    // Node remembers a module that could not be loaded, e.g. for want of descriptors, for as long as it runs.
    if (!exists) setTimeout(() => void reader().catch(() => {}), PRELOAD_MS).unref()
    if (options.learningUntil) {
      this.#learning = setTimeout(() => this.#endLearning(), options.learningUntil.getTime() - Date.now()).unref()
    }
  }

  get current(): CompiledPolicy {
    return this.#current
  }

  /** The file of `--policy` is not the one that is changed without it. */
  get allowCommand(): string {
    return allowCommandOf(this.#options.file)
  }

  get isLearning(): boolean {
    const { learningUntil } = this.#options
    return learningUntil !== undefined && Date.now() < learningUntil.getTime()
  }

  get state(): PolicyState {
    const { file, learningUntil } = this.#options
    return {
      file: file.path,
      exists: this.#exists,
      ...policySize(this.#current.source),
      ...(learningUntil && this.isLearning && { learningUntil: learningUntil.toISOString() }),
      ...(this.#problem !== undefined && { problem: this.#problem }),
    }
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** What is in force, in one line. */
  summary(): string {
    const { file } = this.#options
    const { policies, endpoints } = policySize(this.#current.source)
    return endpoints === 0
      ? `policy ${file.shownAs}: everything but inference.local is denied`
      : `policy ${file.shownAs}: ${counted(endpoints, 'endpoint')} in ${counted(policies, 'policy', 'policies')}`
  }

  close(): void {
    this.#isClosed = true
    this.#stopWatching()
    clearTimeout(this.#learning)
    clearTimeout(this.#retry)
  }

  /** However often the file changes, one reload is under way and one at most is to follow. Never rejects. */
  async #request(): Promise<void> {
    this.#isStale = true
    if (this.#isReloading) return
    this.#isReloading = true
    clearTimeout(this.#retry)
    while (this.#isStale && !this.#isClosed) {
      await untilStill(this.#options.file.path)
      this.#isStale = false
      if (!this.#isClosed) await this.#reload()
    }
    this.#isReloading = false
  }

  async #reload(): Promise<void> {
    const { file, onEvent } = this.#options
    try {
      const { policy, exists } = await load(file)
      const isSame = JSON.stringify(policy.source) === JSON.stringify(this.#current.source)
      const wasBroken = this.#problem !== undefined
      this.#problem = undefined
      this.#exists = exists
      if (isSame && !wasBroken) return
      this.#current = policy
      onEvent({ kind: 'config', action: 'applied', detail: this.summary() })
      this.#tell()
    } catch (error) {
      // The watch tells of a change, not that descriptors or the disk are there again; until then a withdrawal would wait.
      if (!isOfContent(error) && !this.#isClosed) {
        this.#retry = setTimeout(() => void this.#request(), RETRY_MS).unref()
      }
      // Whatever it is: a file that cannot be used is no reason to end, and none to allow anything else.
      const { message } = error as Error
      if (message === this.#problem) return
      this.#problem = message
      onEvent({ kind: 'config', action: 'kept_last_good', detail: message })
    }
  }

  #endLearning(): void {
    const detail = 'learning has ended; what no policy allows is denied. See what was learned: nemoclaw policy suggest'
    this.#options.onEvent({ kind: 'config', action: 'applied', detail })
    this.#tell()
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }
}

interface Loaded {
  readonly policy: CompiledPolicy
  readonly exists: boolean
}

async function load(file: PolicyFile): Promise<Loaded> {
  if (statSync(file.path, { throwIfNoEntry: false }) === undefined) return { policy: DENY_ALL, exists: false }
  const [{ readPolicyFile }, { withRealBinaries }] = await reader()
  const document = readPolicyFile(file)
  return document
    ? { policy: new CompiledPolicy(withRealBinaries(document.egress)), exists: true }
    : { policy: DENY_ALL, exists: false }
}

/** Imported where it is needed: it brings the YAML parser. */
function reader() {
  return Promise.all([import('../policy/read-policy-file.js'), import('../policy/real-binaries.js')])
}

/** Whether a file was read and refused; what the system refused has a cause, and may pass. */
function isOfContent(error: unknown): boolean {
  if (!(error instanceof UserError)) return false
  return error.code === 'ERR_POLICY_INVALID' || (error.code === 'ERR_POLICY_FILE_UNSAFE' && error.cause === undefined)
}
