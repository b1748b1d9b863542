import { readFileSync } from 'node:fs'
import type { CaStore } from '../ca/ca-store.js'
import { reachableUrl } from '../session/reachable-url.js'
import type { SessionRecord } from '../session/session-file.js'
import type { SessionStatus } from '../session/session-status.js'
import { askThroughProxy } from './ask-through-proxy.js'
import { type Finding, fail, ok, skip } from './finding.js'

export function proxyFinding(status: SessionStatus | undefined): Finding {
  if (!status) return skip('proxy', 'none is running; start it: nemoclaw proxy run')
  const { url, pid, problems } = status
  return problems.length === 0
    ? ok('proxy', `listens on ${url} (pid ${pid})`)
    : fail('proxy', problems.join(' '), 'nemoclaw proxy status')
}

/** The whole way that an agent's request takes, up to the provider. */
export async function inferenceFinding(session: SessionRecord | undefined, ca: CaStore): Promise<Finding> {
  if (!session) return skip('inference.local', 'not asked: no proxy is running')
  const root = readRoot(ca.rootPath)
  if (root === undefined) {
    return fail('inference.local', `the CA ${ca.rootPath} is gone, and nobody can trust the proxy`, again(session))
  }
  const answer = await askThroughProxy({ proxy: reachableUrl(session.url), token: session.token, root }).catch(
    (error: Error) => error,
  )
  if (answer instanceof Error) return fail('inference.local', `not reached: ${answer.message}`, again(session))
  if (answer.status === 200) {
    const { data } = JSON.parse(answer.content) as { data: { id: string }[] }
    return ok('inference.local', `CONNECT, TLS and /v1/models work; offered: ${data.map(({ id }) => id).join(', ')}`)
  }
  const { error } = JSON.parse(answer.content) as { error?: { message?: string } }
  const message = error?.message ?? `/v1/models answered ${answer.status}`
  return fail('inference.local', message, 'nemoclaw proxy status')
}

/** What to type where a proxy serves with what is no longer stored. */
function again({ pid }: SessionRecord): string {
  return `End it and start it again: kill ${pid}; nemoclaw proxy run`
}

function readRoot(path: string): string | undefined {
  try {
    return readFileSync(path, 'latin1')
  } catch {
    return undefined
  }
}
