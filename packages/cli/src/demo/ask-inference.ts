import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { UserError } from '../user-error.js'

const URL = 'https://inference.local/v1/chat/completions'
/** Asks as curl would, where there is none: CONNECT, TLS verified with NODE_EXTRA_CA_CERTS, and the answer as it comes. */
const NODE_CLIENT = new globalThis.URL('node-client.js', import.meta.url).pathname

export interface AskOptions {
  /** What `nemoclaw env` gave. */
  readonly environment: Readonly<Record<string, string>>
  readonly path: string
  readonly content: object
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
export async function askInference({ environment, path, content, write }: AskOptions): Promise<Asked> {
  const text = JSON.stringify(content)
  const client = isInstalled('curl', path) ? 'curl' : 'node'
  const [program, ...argv] =
    client === 'curl'
      ? [
          'curl',
          '-sSN',
          '--fail-with-body',
          '--max-time',
          '20',
          URL,
          '-H',
          'content-type: application/json',
          '-d',
          text,
        ]
      : [process.execPath, NODE_CLIENT, URL, text]
  write(`  $ eval "$(nemoclaw env)"\n  $ curl -N ${URL} -H 'content-type: application/json' -d '${text}'\n    `)
  const child = spawn(program!, argv, { env: { PATH: path, ...environment }, stdio: ['ignore', 'pipe', 'pipe'] })
  const errors: string[] = []
  child.stderr.setEncoding('utf8').on('data', (said: string) => errors.push(said))
  let answer = ''
  createInterface({ input: child.stdout }).on('line', (line) => {
    const piece = deltaOf(line)
    answer += piece
    write(piece)
  })
  const [code] = (await once(child, 'close')) as [number | null]
  write('\n')
  if (code !== 0 || answer === '') {
    throw new UserError('ERR_DEMO_FAILED', `${client} got no answer (exit code ${code}): ${errors.join('').trim()}`)
  }
  return { client, answer }
}

/** The text that one line of the stream adds. */
function deltaOf(line: string): string {
  if (!line.startsWith('data: {')) {
    return ''
  }
  const { choices } = JSON.parse(line.slice('data: '.length)) as { choices?: { delta?: { content?: string } }[] }
  return choices?.[0]?.delta?.content ?? ''
}

function isInstalled(name: string, path: string): boolean {
  return path.split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK)
      return true
    } catch {
      return false
    }
  })
}
