// `say-over-web-socket.mjs ws|own URL TEXT`: says TEXT over a WebSocket and prints what comes back. `ws` is the package of
// that name, led by https-proxy-agent; `own` is the WebSocket that Node itself has.
const [kind, url, text] = process.argv.slice(2)

async function open() {
  if (kind === 'own') return new WebSocket(url)
  const [{ WebSocket: Client }, { HttpsProxyAgent }] = await Promise.all([import('ws'), import('https-proxy-agent')])
  return new Client(url, { agent: new HttpsProxyAgent(process.env.HTTPS_PROXY) })
}

const socket = await open()
socket.addEventListener('open', () => socket.send(text))
socket.addEventListener('message', ({ data }) => {
  console.log(data)
  socket.close()
})
socket.addEventListener('error', ({ message, error }) => {
  console.error(
    `error event: ${[message, error?.message, error?.cause?.message].filter(Boolean).join(', ') || 'no words'}`,
  )
  process.exitCode = 1
})
socket.addEventListener('close', ({ code, reason }) => console.error(`closed: ${code} ${reason}`))
