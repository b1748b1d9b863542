import { expect } from 'vitest'
import type { CliResult } from '../cli/run-cli.js'
import type { ClientSession } from './client-session.js'

/** What is expected of a client that asks for something no rule allows yet. */
export interface Refusal {
  readonly host: string
  readonly port: number
  /** `why` of the denial; `no_policy` where left out. */
  readonly why?: string
  /** In the reason, for a person. */
  readonly reason?: string
  /** Exit code and words with which the client itself says that it was refused. */
  readonly exitCode: number
  readonly says: string | RegExp
  /** The line to paste, as a check of what `policy why` prints; what is pasted is what it prints. */
  readonly line?: string
}

/** Milliseconds from the end of the line that mends it until the proxy has taken it up. */
export const RELOAD_LIMIT_MS = 1_000

/**
 * Runs a client that has to be refused, in its own words and with nothing sent out; has `policy why` name that destination
 * and no other, newest; pastes the line that it gives into a shell; and runs the client again within a second.
 *
 * @returns What the client said then; it has succeeded.
 */
export async function expectMended(
  session: ClientSession,
  client: () => Promise<CliResult>,
  refusal: Refusal,
): Promise<CliResult> {
  await expectRefused(session, client, refusal)
  const line = await lineOfWhy(session, refusal)
  await pasteAndWait(session, line)
  const allowed = await client()
  expect(allowed, `after: ${line}`).toMatchObject({ code: 0 })
  return allowed
}

/** Runs a client that has to be refused, and looks that nothing got out. */
export async function expectRefused(
  { bed }: ClientSession,
  client: () => Promise<CliResult>,
  { exitCode, says }: Pick<Refusal, 'exitCode' | 'says'>,
): Promise<void> {
  await bed.settle()
  const before = bed.arrivals.all.length

  const { code, stdout, stderr } = await client()

  expect([code, `${stdout}${stderr}`]).toEqual([
    exitCode,
    typeof says === 'string' ? expect.stringContaining(says) : expect.stringMatching(says),
  ])
  await bed.settle()
  expect(bed.arrivals.dialled.slice(before)).toEqual([])
}

/** @returns The one line of the newest denial in what `policy why` prints; its program's form says the same. */
export async function lineOfWhy(session: ClientSession, { host, port, why, reason, line }: Refusal): Promise<string> {
  const [denials, text] = await Promise.all([
    session.shell('nemoclaw policy why --json').then(({ stdout }) => JSON.parse(stdout) as readonly unknown[]),
    session.shell('nemoclaw policy why').then(({ stdout }) => stdout),
  ])
  const newest = text.split('\n\n')[0] ?? ''
  const lines = newest.split('\n').filter((each) => each.startsWith('nemoclaw '))

  expect(denials[0]).toMatchObject({
    host,
    port,
    why: why ?? 'no_policy',
    reason: expect.stringContaining(reason ?? `Egress to ${host}:${port} is denied`),
    nextSteps: lines,
  })
  expect(new Set(denials.map((each) => (each as { host: string }).host))).toEqual(new Set([host]))
  expect(lines).toEqual([line ?? `nemoclaw policy allow ${host}:${port}`])
  return lines[0]!
}

/** Runs a line in a shell, and waits until the proxy holds to what it did. */
export async function pasteAndWait({ shell, proxy }: ClientSession, line: string): Promise<void> {
  const from = proxy.lines.length
  const result = await shell(line)
  const endedAt = performance.now()
  expect(result, line).toMatchObject({ code: 0 })
  await proxy.line({ kind: 'config', action: 'applied' }, from)
  expect(performance.now() - endedAt).toBeLessThan(RELOAD_LIMIT_MS)
}
