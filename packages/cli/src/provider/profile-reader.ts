/**
 * The program of the short-lived process that loads provider plugins, so that their code never runs where keys are.
 * Arguments: the plugins' folders. Descriptor 3 receives one JSON line for each; what plugins print is dropped.
 */
import { writeSync } from 'node:fs'
import { Config } from '@oclif/core/config'
import { settings } from '@oclif/core/settings'
import { PROFILE_HOOK } from './provider-plugins.js'

/** How long one plugin's hook may take, in milliseconds. */
const HOOK_TIMEOUT_MS = 1_500
const RESULT_DESCRIPTOR = 3

settings.enableAutoTranspile = false

for (const root of process.argv.slice(2)) {
  writeSync(RESULT_DESCRIPTOR, `${JSON.stringify({ root, ...(await readProfiles(root)) })}\n`)
}
// A plugin may have left timers and sockets behind.
process.exit(0)

async function readProfiles(root: string): Promise<{ profiles: readonly unknown[]; failure?: string }> {
  try {
    const config = await Config.load({ root, devPlugins: false, userPlugins: false })
    const { successes, failures } = await config.runHook(PROFILE_HOOK, {}, HOOK_TIMEOUT_MS, true)
    const profiles = successes.flatMap(({ result }) => result)
    const failure = failures[0]?.error.message
    return failure === undefined ? { profiles } : { profiles, failure }
  } catch (error) {
    return { profiles: [], failure: error instanceof Error ? error.message : String(error) }
  }
}
