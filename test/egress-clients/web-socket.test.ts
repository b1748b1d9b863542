import { createServer } from 'node:https'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { WebSocketServer } from 'ws'
import { providerTls } from '../bad-input/upstream-certificates.js'
import { NODE_READS_PROXY_VARIABLES } from '../clients/node-way.js'
import type { EgressBed } from '../egress/egress-bed.js'
import type { ClientSession } from './client-session.js'
import { expectMended } from './expect-mended.js'
import { openSite } from './site.js'
import { testsWithClients } from './test-with-clients.js'

const test = testsWithClients([])

const PROGRAM = fileURLToPath(new URL('programs/say-over-web-socket.mjs', import.meta.url))
const URL_OF_CHAT = 'wss://chat.example.com/room'
/** Node's own says that something failed, and not what: `policy why` is where it can be read. */
const SILENT = 'error event: no words\nclosed: 1006'
const CHAT = { host: 'chat.example.com', port: 443, exitCode: 1 }

test('ws with https-proxy-agent: denied, explained, and mended by the line that policy why gives', async (session) => {
  await using _site = await startChat(session.bed)

  const { stdout } = await expectMended(session, () => say(session, ['ws']), {
    ...CHAT,
    says: 'error event: Unexpected server response: 403',
  })

  expect(stdout).toBe('/room heard: hello\n')
  expect(session.bed.arrivals.dialled).toEqual(['93.184.216.34:443'])
})

if (NODE_READS_PROXY_VARIABLES) {
  test('WebSocket of Node itself: denied, explained, and mended by the line that policy why gives', async (session) => {
    await using _site = await startChat(session.bed)

    const { stdout } = await expectMended(session, () => say(session, ['own']), { ...CHAT, says: SILENT })

    expect(stdout).toBe('/room heard: hello\n')
    expect(session.bed.arrivals.dialled).toEqual(['93.184.216.34:443'])
  })
} else {
  // Which is why a sandbox, and not the proxy's variables alone, keeps programs in.
  test('WebSocket of this Node itself reads no proxy variables, and goes past the proxy', async (session) => {
    await using _site = await startChat(session.bed)

    expect(await say(session, ['own'], ['--experimental-websocket'])).toMatchObject({
      code: 0,
      stdout: '/room heard: hello\n',
    })
    expect(session.proxy.lines.filter(({ kind }) => kind === 'egress')).toEqual([])
  })
}

function say(session: ClientSession, [kind]: readonly ['ws' | 'own'], nodeArgs: readonly string[] = []) {
  return session.run([process.execPath, ...nodeArgs, PROGRAM, kind, URL_OF_CHAT, 'hello'], {
    NODE_EXTRA_CA_CERTS: session.sitesRoot,
  })
}

function startChat(bed: EgressBed) {
  const server = createServer(providerTls({ names: ['chat.example.com'] }))
  new WebSocketServer({ server }).on('connection', (socket, { url }) => {
    socket.on('message', (text) => socket.send(`${url} heard: ${text}`))
  })
  return openSite(bed, server, 'chat.example.com')
}
