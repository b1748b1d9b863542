import { type FSWatcher, statSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

const DEBOUNCE_MS = 20
/** Twice per second: an event that the kernel did not send is made up for within the promised second. */
const POLL_MS = 400

/**
 * Calls `onChange` within half a second of each change of a file, also where it is replaced, removed, or its folder
 * is made later. May call it when nothing changed. Does not keep the process alive.
 *
 * @returns stops it.
 */
export function watchFile(path: string, onChange: () => void): () => void {
  let debounce: NodeJS.Timeout | undefined
  let watcher: FSWatcher | undefined
  let watchedDirectory = ''
  let seen = identity(path)

  const notify = (): void => {
    debounce ??= setTimeout(() => {
      debounce = undefined
      seen = identity(path)
      onChange()
    }, DEBOUNCE_MS).unref()
  }
  const stopWatcher = (): void => {
    watcher?.close()
    watcher = undefined
  }
  const startWatcher = (): void => {
    watchedDirectory = identity(dirname(path), 'inode')
    try {
      watcher = watch(dirname(path), { persistent: false }, (_event, name) => {
        if (name === null || name === basename(path)) notify()
      })
      // inotify instances are few per user: without one the poll alone has to do.
      watcher.on('error', stopWatcher)
    } catch {
      watcher = undefined
    }
  }
  const poll = setInterval(() => {
    // A watcher follows the folder it was given, not one that was made under the same name since.
    if (watcher === undefined || identity(dirname(path), 'inode') !== watchedDirectory) {
      stopWatcher()
      startWatcher()
    }
    if (identity(path) !== seen) notify()
  }, POLL_MS).unref()
  startWatcher()

  return () => {
    clearInterval(poll)
    clearTimeout(debounce)
    stopWatcher()
  }
}

function identity(path: string, of: 'inode' | 'content' = 'content'): string {
  try {
    const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
    if (stats === undefined) return 'missing'
    return of === 'inode' ? `${stats.dev}:${stats.ino}` : `${stats.ino}:${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}`
  } catch (error) {
    return error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
  }
}
