import { readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { commitFile } from './commit-file.js'

const CANDIDATE = 'config.next'

/**
 * Replaces `config.json` in `directory` with `text`, mode 0600, atomically. Call it under the lock.
 *
 * conf writes a candidate beside it, which is compared and then renamed into place by us. conf alone would not do:
 * it does not notice a write cut short by a full disk and renames the torn file into place, and it writes in place
 * where SNAP is set or a rename says EXDEV.
 *
 * @throws what the file system says; the old document is then still in place.
 */
export async function writeConfig(directory: string, text: string): Promise<void> {
  // Under the lock nobody else writes: whatever is here was left by a writer that was killed.
  sweepCandidates(directory)
  const { default: Conf } = await import('conf')
  try {
    const candidate = new Conf<Record<string, unknown>>({
      cwd: directory,
      configName: CANDIDATE,
      configFileMode: 0o600,
      accessPropertiesByDotNotation: false,
      serialize: () => text,
    })
    candidate.store = JSON.parse(text)
    if (readFileSync(candidate.path, 'utf8') !== text) throw diskFull()
    commitFile(candidate.path, join(directory, 'config.json'))
  } catch (error) {
    sweepCandidates(directory)
    throw error
  }
}

function sweepCandidates(directory: string): void {
  for (const name of readdirSync(directory)) {
    if (name.startsWith(`${CANDIDATE}.json`)) rmSync(join(directory, name), { force: true })
  }
}

function diskFull(): Error {
  return Object.assign(new Error('the candidate file was cut short'), { code: 'ENOSPC' })
}
