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
  /** The user's environment, of which the demonstration takes only what programs need to start. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly write: (text: string) => void
}

/** What the demonstration saw; `--json` prints it. */
export interface DemoResult {
  readonly client: Asked['client']
  readonly answer: string
  /** Model the client asked for, and the one the provider received. */
  readonly modelRequested: string
  readonly modelReceived: string
  readonly credentialReceived: string
}

const QUESTION = 'Who answers me, and with whose key?'
const MODEL_REQUESTED = 'gpt-4o'
const MODEL_SERVED = 'mock/echo'

/**
 * Shows the main job with real parts: a provider server, the CLI's own commands, the proxy, and a client that knows
 * nothing of any of them. Everything it starts is ended and everything it writes is removed.
 *
 * @throws {UserError} Where a step fails or the provider did not receive what it should.
 */
export async function runDemo({ program, environment, write }: DemoOptions): Promise<DemoResult> {
  const home = mkdtempSync(join(tmpdir(), 'nemoclaw-demo-'))
  const key = `sk-demo-${randomBytes(12).toString('hex')}`
  const commands = new DemoCommands(program, {
    PATH: environment['PATH'] ?? '',
    HOME: home,
    NEMOCLAW_HOME: home,
    NEMOCLAW_CREDENTIAL_STORE: 'file',
    NEMOCLAW_PASSPHRASE: randomBytes(16).toString('hex'),
    MOCK_API_KEY: key,
  })
  const step = (title: string) => write(`\n${title}\n`)
  const run = async (...argv: string[]) => {
    write(`  $ nemoclaw ${argv.join(' ')}\n`)
    write(indent(await commands.run(argv)))
  }
  try {
    step('1. A provider: a real HTTP server, in the place of a vendor that wants a key')
    write('  $ nemoclaw mock serve --port 0\n')
    const provider = await commands.start([
      'mock',
      'serve',
      '--port',
      '0',
      '--api-key-from-env',
      'MOCK_API_KEY',
      '--json',
    ])
    const { url } = (await provider.line('listening')) as { url: string }
    write(`    ${url}\n`)

    step('2. The operator stores its key and chooses the model')
    await run(
      'provider',
      'create',
      '--name',
      'demo',
      '--type',
      'mock',
      '--base-url',
      url,
      '--credential',
      'MOCK_API_KEY',
    )
    await run('cluster', 'inference', 'set', '--provider', 'demo', '--model', MODEL_SERVED)

    step('3. The proxy')
    write('  $ nemoclaw proxy run --listen 127.0.0.1:0\n')
    const proxy = await commands.start(['proxy', 'run', '--listen', '127.0.0.1:0', '--log-format', 'json'])
    const { detail } = (await proxy.line('listening')) as { detail: string }
    write(`    listening ${detail}\n`)

    const verifications = provider.count('request')
    step(`4. An agent asks https://inference.local for ${MODEL_REQUESTED}, without a key, TLS verified`)
    const clientEnvironment = JSON.parse(await commands.run(['env', '--json'])) as Record<string, string>
    const content = { model: MODEL_REQUESTED, stream: true, messages: [{ role: 'user', content: QUESTION }] }
    const asked = await askInference({
      environment: clientEnvironment,
      path: environment['PATH'] ?? '',
      content,
      write,
    })

    step('5. What the provider received')
    const received = (await provider.line('request', verifications)) as unknown as ReceivedLine
    write(`    model       ${received.model}   (asked for: ${MODEL_REQUESTED})\n`)
    write(`    credential  ${received.credential}   (the client sent none)\n\n`)
    const expectedCredential = `${key.slice(0, 3)}***${key.slice(-4)}`
    if (received.model !== MODEL_SERVED || received.credential !== expectedCredential || asked.answer === '') {
      throw new UserError('ERR_DEMO_FAILED', 'the provider did not receive what it should have')
    }
    return {
      client: asked.client,
      answer: asked.answer,
      modelRequested: MODEL_REQUESTED,
      modelReceived: received.model,
      credentialReceived: received.credential,
    }
  } finally {
    await commands.stopAll()
    rmSync(home, { recursive: true, force: true })
  }
}

/** What `mock serve --json` tells of a request, as far as it is shown. */
interface ReceivedLine {
  readonly model: string
  /** Masked. */
  readonly credential: string
}

function indent(text: string): string {
  return text.replace(/^(?=.)/gm, '    ')
}
