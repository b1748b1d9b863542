import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const PROGRAM = fileURLToPath(new URL('../../packages/cli/bin/run.js', import.meta.url))
const LISTEN_LIMIT_MS = 20_000
const STOP_LIMIT_MS = 5_000

/**
 * The command line of this checkout with a configuration of its own, removed at the end. Its environment holds
 * nothing of the user's but PATH.
 */
export class Nemoclaw {
  #home = mkdtempSync(join(tmpdir(), 'nemoclaw-bench-'))

  /** @param {string} [node] - The Node that runs it. */
  constructor(node = process.execPath) {
    this.node = node
    this.environment = {
      PATH: process.env.PATH ?? '',
      HOME: this.#home,
      NEMOCLAW_HOME: this.#home,
      NEMOCLAW_CREDENTIAL_STORE: 'file',
      BENCH_API_KEY: 'sk-bench-0123456789abcdef',
    }
  }

  /** @returns The words that run a command, program first. */
  argv(...words) {
    return [this.node, PROGRAM, ...words]
  }

  run(...words) {
    const [program, ...argv] = this.argv(...words)
    const { status, stdout, stderr } = spawnSync(program, argv, { env: this.environment, encoding: 'utf8' })
    if (status !== 0) throw new Error(`nemoclaw ${words.join(' ')} failed: ${stderr}`)
    return stdout
  }

  /**
   * A provider and a route to it, not verified. Its key is an `env:` reference, so that neither a keychain nor the
   * deliberately slow key derivation of the sealed file is part of what is measured.
   */
  configure(baseUrl) {
    this.run(
      'provider',
      'create',
      '--name',
      'bench',
      '--type',
      'mock',
      '--base-url',
      baseUrl,
      '--credential',
      'MOCK_API_KEY=env:BENCH_API_KEY',
      '--no-verify',
    )
    this.run('cluster', 'inference', 'set', '--provider', 'bench', '--model', 'bench/model', '--no-verify')
  }

  /** Starts `proxy run` on a free port. @returns Once it says that it listens. */
  async startProxy(...words) {
    const [program, ...argv] = this.argv('proxy', 'run', '--listen', '127.0.0.1:0', '--log-format', 'json', ...words)
    const startedAt = performance.now()
    const child = spawn(program, argv, { env: this.environment, stdio: ['ignore', 'pipe', 'inherit'] })
    const signal = AbortSignal.timeout(LISTEN_LIMIT_MS)
    const lines = createInterface({ input: child.stdout })
    for (;;) {
      const [line] = await Promise.race([once(lines, 'line', { signal }), once(child, 'exit', { signal })])
      if (typeof line !== 'string') throw new Error('proxy run ended before it listened')
      const port = line.includes('"listening"') ? /127\.0\.0\.1:(\d+)/.exec(line)?.[1] : undefined
      if (port !== undefined) return new RunningProxy(child, Number(port), performance.now() - startedAt)
    }
  }

  remove() {
    rmSync(this.#home, { recursive: true, force: true })
  }
}

class RunningProxy {
  #child

  constructor(child, port, startMs) {
    this.#child = child
    this.pid = child.pid
    this.port = port
    /** Milliseconds from the start of the process to its word that it listens. */
    this.startMs = startMs
    // Read on, or a full pipe would hold it up.
    child.stdout.resume()
  }

  async stop() {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return
    const impatience = setTimeout(() => this.#child.kill('SIGKILL'), STOP_LIMIT_MS)
    this.#child.kill('SIGTERM')
    await once(this.#child, 'exit')
    clearTimeout(impatience)
  }
}
