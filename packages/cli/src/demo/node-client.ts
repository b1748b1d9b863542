import { EnvHttpProxyAgent, request } from 'undici'

/** `node node-client.js URL CONTENT`: the demonstration's client where curl is missing; proxy and CA from the environment. */
const [url = '', content = ''] = process.argv.slice(2)
const { statusCode, body } = await request(url, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: content,
  dispatcher: new EnvHttpProxyAgent(),
})
for await (const chunk of body) {
  process.stdout.write(chunk as Buffer)
}
process.exitCode = statusCode === 200 ? 0 : 1
