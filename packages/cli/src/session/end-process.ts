import { setTimeout } from 'node:timers/promises'

const FLUSH_MS = 1_000

/**
 * Ends the process as soon as its log is out: what a keychain, or a program that was asked for a credential, still does
 * is nobody's concern any more, and would hold the end up for seconds.
 */
export async function endProcess({ stdout, exit }: Pick<NodeJS.Process, 'stdout' | 'exit'>): Promise<never> {
  const written = new Promise<void>((resolve) => {
    if (stdout.destroyed || !stdout.writable) resolve()
    else stdout.write('', () => resolve())
  })
  await Promise.race([written, setTimeout(FLUSH_MS, undefined, { ref: false })])
  return exit()
}
