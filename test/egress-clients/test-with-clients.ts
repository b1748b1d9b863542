import { spawnSync } from 'node:child_process'
import { afterAll } from 'vitest'
import { type EgressBed, missingForBed, startEgressBed } from '../egress/egress-bed.js'
import { testNeeding } from '../state/test-needing.js'
import { type ClientSession, startClientSession } from './client-session.js'

type TestWithClients = (name: string, body: (session: ClientSession) => Promise<void>) => void

const LIMIT_MS = 30_000

/** Debian's own Python, to which `python3-requests` belongs; another may stand ahead of it in PATH. */
export const DEBIAN_PYTHON = '/usr/bin/python3'

/**
 * Tests of one file, one after the other in one bed, each with a proxy and a policy of its own. What is missing for them is
 * told by name.
 *
 * @param programs - Names in PATH, or `python3-requests`.
 */
export function testsWithClients(programs: readonly string[]): TestWithClients {
  const needing = testNeeding([...missingForBed(), ...programs.filter((program) => !isInstalledModule(program))])
  let bed: Promise<EgressBed> | undefined
  afterAll(async () => (await bed)?.[Symbol.asyncDispose]())
  return (name, body) =>
    needing(
      name,
      async () => {
        bed ??= startEgressBed()
        const started = await bed
        started.clear()
        await using session = await startClientSession(started)
        await body(session)
      },
      LIMIT_MS,
    )
}

/** Whether it is the Debian package of a Python module, and that module can be imported. */
function isInstalledModule(name: string): boolean {
  const [, module] = /^python3-(.+)$/.exec(name) ?? []
  return module !== undefined && spawnSync(DEBIAN_PYTHON, ['-c', `import ${module}`], { stdio: 'ignore' }).status === 0
}
