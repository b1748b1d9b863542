// `node unchecked-proxy.mjs FILE`: the core's proxy with what is in FILE as JSON, `policy` and `limits`, taken as it is. Says what it does in lines of JSON, as `proxy run --log-format json`.
import { readFileSync } from 'node:fs'
import { startProxy } from '@nemoclaw/proxy-core'
import { CompiledPolicy, fixedPolicy } from '@nemoclaw/proxy-core/policy'
import { issueAuthority, ServerCertificates } from '@nemoclaw/proxy-core/tls'

const [file] = process.argv.slice(2)
const { policy, limits } = JSON.parse(readFileSync(file, 'utf8'))
const tell = (event) => process.stdout.write(`${JSON.stringify(event)}\n`)
const proxy = await startProxy({
  listen: { host: '127.0.0.1', port: 0 },
  certificates: await ServerCertificates.issuedBy(await issueAuthority({ now: new Date() })),
  routes: { resolve: () => Promise.reject(new Error('no inference in this bed')) },
  access: { tokens: [{ client: 'laptop', token: 'laptop-token-0123456789' }], trustOwnUser: true },
  policy: fixedPolicy(new CompiledPolicy(policy)),
  limits,
  onEvent: tell,
})
tell({ kind: 'lifecycle', action: 'listening', url: proxy.url })
