import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { UserError } from '../user-error.js'
import type { DemoCommands } from './demo-commands.js'

const ENDPOINT = 'https://inference.local/v1/chat/completions'
/** Asks as curl would, where there is none: CONNECT, TLS verified with NODE_EXTRA_CA_CERTS, the answer as it comes. */
const NODE_CLIENT = fileURLToPath(new URL('node-client.js', import.meta.url))

export interface AskOptions {
  readonly commands: DemoCommands
  /** What `nemoclaw env` gave. */
  readonly environment: Readonly<Record<string, string>>
  /** Where programs are looked for. */
  readonly path: string
  readonly content: object
  readonly signal: AbortSignal
  readonly write: (text: string) => void
}

export interface Asked {
  readonly client: 'curl' | 'node'
  readonly answer: string
}

/**
 * Asks `inference.local` with a client of its own process and shows the answer piece by piece.
 *
 * @throws {UserError} `ERR_DEMO_FAILED`.
 */
export async function askInference(options: AskOptions): Promise<Asked> {
  const { commands, environment, path, signal, write } = options
  const content = JSON.stringify(options.content)
  const client = isInstalled('curl', path) ? 'curl' : 'node'
  const [program, argv] = clientCommand(client, content)
  write(`  $ eval "$(nemoclaw env)"\n  $ curl -N ${ENDPOINT} -H 'content-type: application/json' -d '${content}'\n`)
  if (client === 'node') write('    (curl is not installed; Node.js asks in its place)\n')
  write('    ')
  const child = commands.spawn(program, argv, { PATH: path, ...environment })
  const said: string[] = []
  child.stderr.setEncoding('utf8').on('data', (text: string) => said.push(text))
  let answer = ''
  createInterface({ input: child.stdout }).on('line', (line) => {
    const piece = deltaOf(line)
    if (piece === undefined) said.push(line)
    answer += piece ?? ''
    write(piece ?? '')
  })
  const [code] = (await once(child, 'close', { signal })) as [number | null]
  write('\n')
  if (code === 0 && answer !== '') return { client, answer }
  throw new UserError('ERR_DEMO_FAILED', `${client} got no answer (exit code ${code}): ${said.join('').trim()}`)
}

function clientCommand(client: Asked['client'], content: string): [program: string, argv: readonly string[]] {
  if (client === 'node') return [process.execPath, [NODE_CLIENT, ENDPOINT, content]]
  const field = 'content-type: application/json'
  return ['curl', ['-sSN', '--max-time', '20', ENDPOINT, '-H', field, '-d', content]]
}

/** @returns The text that one line of the stream adds; `undefined` where it is of no stream. */
function deltaOf(line: string): string | undefined {
  if (line === '' || line === 'data: [DONE]') return ''
  if (!line.startsWith('data: {')) return undefined
  const { choices } = JSON.parse(line.slice('data: '.length)) as { choices?: { delta?: { content?: string } }[] }
  return choices?.[0]?.delta?.content ?? ''
}

function isInstalled(name: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return folder !== ''
    } catch {
      return false
    }
  })
}
