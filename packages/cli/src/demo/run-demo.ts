import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { UserError } from '../user-error.js'
import { type Asked, askInference } from './ask-inference.js'
import { DemoCommands } from './demo-commands.js'

export interface DemoOptions {
  /** The program that runs `nemoclaw`, and its first argument. */
  readonly program: readonly [string, string]
  /** Where programs are looked for: all that is taken of the user's environment. */
  readonly path: string
  /** Aborted when the user has had enough. */
  readonly signal: AbortSignal
  readonly write: (text: string) => void
}

/** What the demonstration saw; `--json` prints it. */
export interface DemoResult {
  readonly client: Asked['client']
  readonly answer: string
  /** Model the client asked for, and the one the provider received. */
  readonly modelRequested: string
  readonly modelReceived: string
  /** Masked. */
  readonly credentialReceived: string
}

const QUESTION = 'Who answers me, and with whose key?'
const MODEL_REQUESTED = 'gpt-4o'
const MODEL_SERVED = 'mock/echo'

/**
 * Shows the main job with real parts: a provider server, the CLI's own commands, the proxy, and a client that knows
 * nothing of any of them. Everything it starts is ended and everything it writes is removed, interrupted or not.
 *
 * @throws {UserError} `ERR_DEMO_FAILED`: a step failed, or the provider did not receive what it should;
 *   `ERR_INTERRUPTED`.
 */
export async function runDemo(options: DemoOptions): Promise<DemoResult> {
  const home = mkdtempSync(join(tmpdir(), 'nemoclaw-demo-'))
  const key = `sk-demo-${randomBytes(12).toString('hex')}`
  const environment = {
    PATH: options.path,
    HOME: home,
    NEMOCLAW_HOME: home,
    NEMOCLAW_CREDENTIAL_STORE: 'file',
    NEMOCLAW_PASSPHRASE: randomBytes(16).toString('hex'),
    MOCK_API_KEY: key,
  }
  const commands = new DemoCommands({ ...options, environment })
  try {
    return await new Demo(commands, options).show(`${key.slice(0, 3)}***${key.slice(-4)}`)
  } catch (error) {
    // The message is what makes the exit code 130.
    throw options.signal.aborted ? new UserError('ERR_INTERRUPTED', 'SIGINT', { cause: error }) : error
  } finally {
    await commands.stopAll()
    rmSync(home, { recursive: true, force: true })
  }
}

class Demo {
  readonly #commands: DemoCommands
  readonly #options: DemoOptions

  constructor(commands: DemoCommands, options: DemoOptions) {
    this.#commands = commands
    this.#options = options
  }

  async show(maskedKey: string): Promise<DemoResult> {
    const { path, signal, write } = this.#options
    this.#title('1. A provider: a real HTTP server, in the place of a vendor that wants a key')
    const provider = this.#start('mock serve --port 0 --api-key-from-env MOCK_API_KEY --json')
    const { url } = (await provider.line('listening')) as { url: string }
    write(`    listening on ${url}\n`)

    this.#title('2. The operator stores its key and chooses the model')
    await this.#run(`provider create --name demo --type mock --base-url ${url} --credential MOCK_API_KEY`)
    await this.#run(`cluster inference set --provider demo --model ${MODEL_SERVED}`)

    this.#title('3. The proxy')
    const proxy = this.#start('proxy run --listen 127.0.0.1:0 --log-format json')
    write(`    listening on ${(await proxy.line('listening'))['url']}\n`)

    const verifications = provider.count('request')
    this.#title(`4. An agent asks https://inference.local for ${MODEL_REQUESTED}, without a key, TLS verified`)
    const environment = JSON.parse(await this.#commands.run(['env', '--json'])) as Record<string, string>
    const content = { model: MODEL_REQUESTED, stream: true, messages: [{ role: 'user', content: QUESTION }] }
    const asked = await askInference({ commands: this.#commands, environment, path, content, signal, write })

    this.#title('5. What the provider received')
    const received = (await provider.line('request', verifications)) as unknown as ReceivedLine
    write(`    model       ${received.model}   (asked for: ${MODEL_REQUESTED})\n`)
    write(`    credential  ${received.credential}   (the client sent none)\n\n`)
    if (received.model !== MODEL_SERVED || received.credential !== maskedKey) {
      throw new UserError('ERR_DEMO_FAILED', 'the provider did not receive what it should have')
    }
    return {
      ...asked,
      modelRequested: MODEL_REQUESTED,
      modelReceived: received.model,
      credentialReceived: received.credential,
    }
  }

  #title(title: string): void {
    this.#options.write(`\n${title}\n`)
  }

  /** @param command - Its words hold no space. */
  async #run(command: string): Promise<void> {
    this.#options.write(`  $ nemoclaw ${command}\n`)
    const output = await this.#commands.run(command.split(' '))
    this.#options.write(output.replace(/^(?=.)/gm, '    '))
  }

  #start(command: string) {
    this.#options.write(`  $ nemoclaw ${command} &\n`)
    return this.#commands.start(command.split(' '))
  }
}

/** What `mock serve --json` tells of a request, as far as it is shown. */
interface ReceivedLine {
  readonly model: string
  /** Masked. */
  readonly credential: string
}
