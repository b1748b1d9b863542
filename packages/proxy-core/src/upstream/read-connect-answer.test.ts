import { request } from 'node:http'
import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { MAX_ANSWER_BYTES, readConnectAnswer } from './read-connect-answer.js'

const read = (text: string) => readConnectAnswer(Buffer.from(text, 'latin1'))
const OPENED = 'HTTP/1.1 200 Connection established\r\n'

test('gives back what came behind the head, to the byte', () => {
  expect(read(`${OPENED}Via: 1.1 corp\r\n\r\n\r\nSSH-2.0-x\r\n\r\n`)).toEqual({
    kind: 'answered',
    status: 200,
    schemes: [],
    rest: Buffer.from('\r\nSSH-2.0-x\r\n\r\n'),
  })
})

test('takes an answer without reason phrase, without fields and of HTTP/1.0', () => {
  for (const text of ['HTTP/1.1 200\r\n\r\n', 'HTTP/1.0 200 Connection established\r\n\r\n', 'HTTP/1.1 204 \r\n\r\n']) {
    expect(read(text), text).toMatchObject({ kind: 'answered', rest: Buffer.alloc(0) })
  }
})

test('skips interim answers, and takes 101 for a final one', () => {
  const interim = 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n'

  expect(read(interim)).toEqual({ kind: 'incomplete' })
  expect(read(`${interim}${OPENED}\r\nrest`)).toMatchObject({ status: 200, rest: Buffer.from('rest') })
  expect(read('HTTP/1.1 101 Switching Protocols\r\n\r\n')).toMatchObject({ status: 101 })
})

test('ignores Content-Length and Transfer-Encoding, also such as contradict each other', () => {
  expect(
    read(`${OPENED}Content-Length: 5\r\nContent-Length: abc\r\nTransfer-Encoding: chunked\r\n\r\nfirst bytes`),
  ).toMatchObject({ status: 200, rest: Buffer.from('first bytes') })
})

test('names the schemes of a 407, and nothing else that is in it', () => {
  const fields =
    'Proxy-Authenticate: Negotiate\r\nproxy-authenticate: Basic realm="secret, of corp"\r\nProxy-Authenticate: "x"\r\n'

  expect(read(`HTTP/1.1 407 Who?\r\n${fields}\r\n`)).toMatchObject({ status: 407, schemes: ['Negotiate', 'Basic'] })
})

test('is incomplete at every byte before the end of the head', () => {
  const head = `HTTP/1.1 100 Continue\r\n\r\n${OPENED}Via: 1.1 corp\r\n\r\n`

  for (let length = 0; length < head.length; length++) {
    expect(read(head.slice(0, length)), `${length} bytes`).toEqual({ kind: 'incomplete' })
  }
  expect(read(head).kind).toBe('answered')
})

test.each([
  ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['its first byte only', '\x15'],
  ['HTTP/2', 'HTTP/2.0 200 OK\r\n\r\n'],
  ['HTTP/1.2', 'HTTP/1.2 200 OK\r\n\r\n'],
  ['an empty line in front', '\r\nHTTP/1.1 200 OK\r\n\r\n'],
  ['no status', 'HTTP/1.1 OK\r\n\r\n'],
  ['a status of four digits', 'HTTP/1.1 2000 OK\r\n\r\n'],
  ['a status of 0xx', 'HTTP/1.1 020 OK\r\n\r\n'],
  ['two spaces before the status', 'HTTP/1.1  200 OK\r\n\r\n'],
  ['a bare line feed', 'HTTP/1.1 200 OK\nVia: x\r\n\r\n'],
  ['a bare carriage return', 'HTTP/1.1 200 OK\r\nVia: x\rY: z\r\n\r\n'],
  ['a folded line', 'HTTP/1.1 200 OK\r\nVia: x\r\n folded\r\n\r\n'],
  ['a space before the colon', 'HTTP/1.1 200 OK\r\nVia : x\r\n\r\n'],
  ['a line without colon', 'HTTP/1.1 200 OK\r\nVia\r\n\r\n'],
  ['a NUL', 'HTTP/1.1 200 OK\r\nVia: \0\r\n\r\n'],
])('refuses %s', (_what, text) => {
  expect(read(text)).toMatchObject({ kind: 'malformed' })
})

test('refuses a head longer than the limit, ended or not, and of interim answers too', () => {
  const filling = (total: number) => `${OPENED}X: ${'x'.repeat(total - OPENED.length - 'X: \r\n\r\n'.length)}\r\n\r\n`

  expect(read(filling(MAX_ANSWER_BYTES))).toMatchObject({ kind: 'answered' })
  expect(read(filling(MAX_ANSWER_BYTES + 1))).toMatchObject({ kind: 'malformed' })
  expect(read(`${OPENED}X: ${'x'.repeat(MAX_ANSWER_BYTES)}`)).toMatchObject({ kind: 'malformed' })
  expect(read('HTTP/1.1 100 Continue\r\n\r\n'.repeat(1_000))).toMatchObject({ kind: 'malformed' })
})

test('what it takes, Node’s own parser takes too, with the same status and the same rest', async () => {
  const random = randomNumbers(20_261_124)
  const compared = { answered: 0, malformed: 0, incomplete: 0 }

  for (let round = 0; round < 3_000; round++) {
    const text = alteredAnswer(random)
    const answer = read(text)
    compared[answer.kind] += 1
    if (answer.kind === 'answered') {
      expect(await asNodeReads(text), JSON.stringify(text)).toEqual({
        status: answer.status,
        rest: answer.rest.toString('latin1'),
      })
    }
  }

  expect(compared.answered).toBeGreaterThan(300)
  expect(compared.malformed).toBeGreaterThan(300)
})

/** What `http.request` makes of an answer to CONNECT. */
function asNodeReads(answer: string): Promise<unknown> {
  const socket = new Duplex({ read() {}, write: (_chunk, _encoding, done) => done() })
  const asked = request({ method: 'CONNECT', path: 'host:443', createConnection: () => socket })
  asked.end()
  socket.push(Buffer.from(answer, 'latin1'))
  return new Promise((resolve) => {
    asked.on('connect', ({ statusCode }, _socket, head: Buffer) =>
      resolve({ status: statusCode, rest: head.toString('latin1') }),
    )
    asked.on('error', (error) => resolve(error))
  }).finally(() => socket.destroy())
}

/** A good answer, without interim ones and framing fields, with up to four bytes changed, left out or added. */
function alteredAnswer(random: (below: number) => number): string {
  const heads = [
    'HTTP/1.1 200 Connection established\r\n\r\n',
    'HTTP/1.0 200\r\nVia: 1.0 corp\r\nX-A:\r\n\r\n',
    'HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="x"\r\n\r\n',
    'HTTP/1.1 503 \r\nRetry-After: 5\r\nX-B: \t b \r\n\r\n',
  ]
  const bytes = [...`${heads[random(heads.length)]}${'rest\r\n\r\nof it'.slice(0, random(14))}`]
  const strange = [...'\r\n\t :;,"\0\x01\x7f\x80\xffHTTP/1.0 AZaz09-_()<>@{}']
  for (let changes = random(5); changes > 0; changes--) {
    const character = strange[random(strange.length)]!
    bytes.splice(random(bytes.length), random(2), ...(random(2) === 0 ? [character] : []))
  }
  return bytes.join('')
}

/** The same numbers each time (mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296) * below)
  }
}
