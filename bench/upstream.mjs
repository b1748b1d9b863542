// The fastest provider there is: a fixed answer, or as many events as the content asks for.
import { createServer } from 'node:http'

const ANSWER = JSON.stringify({
  id: 'chatcmpl-bench',
  object: 'chat.completion',
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'ok' } }],
  usage: { prompt_tokens: 1, completion_tokens: 1 },
})
const EVENT = Buffer.from('data: {"choices":[{"index":0,"delta":{"content":"token "}}]}\n\n')
const EVENTS_PER_WRITE = 16

const server = createServer((request, response) => {
  let content = ''
  request.setEncoding('latin1').on('data', (chunk) => {
    if (content.length < 4096) content += chunk
  })
  request.on('end', () => {
    const events = Number(/"events":(\d+)/.exec(content)?.[1] ?? 0)
    if (events === 0) {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': ANSWER.length }).end(ANSWER)
      return
    }
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    let left = events
    const piece = Buffer.concat(Array.from({ length: EVENTS_PER_WRITE }, () => EVENT))
    const write = () => {
      while (left > 0) {
        left -= EVENTS_PER_WRITE
        if (!response.write(piece)) {
          response.once('drain', write)
          return
        }
      }
      response.end('data: [DONE]\n\n')
    }
    write()
  })
})
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
process.on('SIGTERM', () => process.exit(0))
