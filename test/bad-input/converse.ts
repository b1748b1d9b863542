import { connect, type Socket } from 'node:net'
import { openInferenceConnection, type TestProxy } from '../proxy/start-test-proxy.js'
import { type Answer, parseAnswers } from './answer.js'

/** What came of sending bytes. */
export interface Conversation {
  readonly wire: string
  /** Interim responses left out. */
  readonly answers: readonly Answer[]
  /** Statuses of interim responses (RFC 9110 §15.2), in order. */
  readonly interim: readonly number[]
  /** Who ended the connection: `nobody` where it was still open when the time was up. */
  readonly endedBy: 'proxy' | 'nobody'
  /** Milliseconds until the end. */
  readonly tookMs: number
}

export interface ConverseOptions {
  /** Milliseconds to wait for the proxy to end the connection. */
  readonly waitMs?: number
  /** Closes our side for writing behind the bytes. */
  readonly halfClose?: boolean
}

/** Where a request is put to the proxy: its own port, or inside the tunnel to `inference.local`. */
export type Listener = 'proxy port' | 'tunnel'

export const LISTENERS: readonly Listener[] = ['proxy port', 'tunnel']

/** Sends bytes to one of the proxy's two parsers and reads until the connection ends. */
export async function converse(
  proxy: TestProxy,
  listener: Listener,
  bytes: string | Buffer,
  options: ConverseOptions = {},
): Promise<Conversation> {
  const socket =
    listener === 'tunnel' ? await openInferenceConnection(proxy) : connect({ port: proxy.port, host: '127.0.0.1' })
  return converseOn(socket, bytes, options)
}

/** The same on a connection that is open already. Text is sent as latin1: one character, one byte. */
export async function converseOn(
  socket: Socket,
  bytes: string | Buffer,
  { waitMs = 5_000, halfClose = false }: ConverseOptions = {},
): Promise<Conversation> {
  const startedAt = performance.now()
  const chunks: Buffer[] = []
  const content = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = new Promise<'proxy' | 'nobody'>((resolve) => {
    const timer = setTimeout(() => resolve('nobody'), waitMs)
    for (const event of ['end', 'close']) {
      socket.once(event, () => {
        clearTimeout(timer)
        resolve('proxy')
      })
    }
  })
  if (halfClose) {
    socket.end(content)
  } else {
    socket.write(content)
  }
  const endedBy = await ended
  socket.destroy()
  const wire = Buffer.concat(chunks).toString('latin1')
  const all = parseAnswers(wire)
  return {
    wire,
    answers: all.filter(({ status }) => status >= 200),
    interim: all.filter(({ status }) => status < 200).map(({ status }) => status),
    endedBy,
    tookMs: performance.now() - startedAt,
  }
}
