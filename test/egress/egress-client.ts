import { once } from 'node:events'
import type { Socket } from 'node:net'
import { expect } from 'vitest'
import type { Answer } from '../bad-input/answer.js'
import { type Conversation, type ConverseOptions, converseOn } from '../bad-input/converse.js'
import type { EgressBed } from './egress-bed.js'
import type { EgressProxy } from './egress-proxy.js'

/** The bytes of a CONNECT. */
export const connect = (target: string, fields: readonly string[] = []) =>
  ['CONNECT ', target, ' HTTP/1.1\r\nHost: ', target, '\r\n', ...fields.map((field) => `${field}\r\n`), '\r\n'].join('')

/** The bytes of a GET in absolute-form, with the Host that belongs to it unless another is given. */
export const get = (url: string, fields: readonly string[] = [`Host: ${hostOf(url)}`]) =>
  [`GET ${url} HTTP/1.1`, ...fields, '', ''].join('\r\n')

/** The words with which a destination is denied. */
export interface DeniedContent {
  readonly error: string
  readonly detail: string
  readonly policy: string | null
  readonly next_steps: readonly string[]
}

/** Sends bytes to the proxy and reads until the connection ends. */
export async function send(
  proxy: EgressProxy,
  bytes: string | Buffer,
  options: ConverseOptions = {},
): Promise<Conversation> {
  return converseOn(await proxy.dial(), bytes, options)
}

/** Sends bytes and returns the only answer, after which the connection has ended. */
export async function answerTo(proxy: EgressProxy, bytes: string | Buffer): Promise<Answer> {
  const { answers, endedBy } = await send(proxy, bytes)
  expect([answers.length, endedBy]).toEqual([1, 'proxy'])
  return answers[0]!
}

/**
 * Sends bytes and expects the one answer that a denied destination gets, the end of the connection, and that nothing
 * arrived anywhere. @returns What the answer says.
 */
export async function expectDenied(bed: EgressBed, proxy: EgressProxy, bytes: string | Buffer): Promise<DeniedContent> {
  await bed.settle()
  const before = bed.arrivals.all.length
  const answer = await answerTo(proxy, bytes)
  await bed.settle()
  expect(bed.arrivals.dialled.slice(before)).toEqual([])
  expect([answer.status, answer.code]).toEqual([403, 'destination_denied'])
  expect(Object.fromEntries(answer.fields)).toMatchObject({
    'content-type': 'application/json',
    'proxy-status': expect.stringContaining('http_request_denied'),
    connection: 'close',
  })
  return JSON.parse(answer.content) as DeniedContent
}

/** Opens a tunnel, which has to be allowed. @returns it, with nothing read from it yet. */
export async function openTunnel(proxy: EgressProxy, target: string, head = ''): Promise<Socket> {
  const socket = await proxy.dial()
  socket.write(connect(target) + head, 'latin1')
  const answer = await readHead(socket)
  if (!/^HTTP\/1\.1 200 [^\r\n]*\r\n\r\n$/.test(answer)) throw new Error(`CONNECT ${target}: ${answer}`)
  return socket
}

/** @returns The head of an answer; what follows it stays to be read. */
async function readHead(socket: Socket): Promise<string> {
  let head = ''
  while (!head.endsWith('\r\n\r\n')) {
    const byte = socket.read(1) as Buffer | null
    if (byte) head += byte.toString('latin1')
    else if (socket.readableEnded) throw new Error(`the connection ended behind ${JSON.stringify(head)}`)
    else await Promise.race([once(socket, 'readable'), once(socket, 'end')])
  }
  return head
}

/** @returns What came until `text` was there, or the connection ended. */
export async function readUntil(socket: Socket, text: string): Promise<string> {
  let received = ''
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    received += (chunk as Buffer).toString('latin1')
    if (received.includes(text)) break
  }
  return received
}

/** Resolves once the proxy has closed a connection; what still comes is dropped. */
export async function closed(socket: Socket, waitMs = 5_000): Promise<void> {
  socket.on('error', () => {}).resume()
  if (socket.readableEnded || socket.closed) return
  const signal = AbortSignal.timeout(waitMs)
  await Promise.race([once(socket, 'end', { signal }), once(socket, 'close', { signal })])
}

function hostOf(url: string): string {
  return /^[a-z]+:\/\/([^/?#]*)/i.exec(url)?.[1] ?? ''
}
