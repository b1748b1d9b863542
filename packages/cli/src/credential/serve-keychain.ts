import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import type { Readable, Writable } from 'node:stream'
import { KEYCHAIN_SERVICE } from './credential-slot.js'
import { encodeLine, type KeychainRequest, type KeychainResponse } from './keychain-protocol.js'

type Keytar = typeof import('keytar')
type Answer = KeychainResponse extends infer Response
  ? Response extends unknown
    ? Omit<Response, 'id'>
    : never
  : never

/** Milliseconds after which a native call is taken for hung even if our parent did not end us. */
const WATCHDOG_MS = 120_000

/**
 * Answers keychain requests until the input ends: the whole life of the keychain process.
 *
 * A process of its own, because a native call that hangs on D-Bus cannot be cancelled, keeps a thread of the pool and
 * keeps its process from exiting; a process can be killed. It also keeps GLib out of the proxy.
 */
export async function serveKeychain(input: Readable, output: Writable): Promise<void> {
  for await (const line of createInterface({ input })) {
    const request = JSON.parse(line) as KeychainRequest
    void answer(request).then((response) => output.write(encodeLine({ ...response, id: request.id })))
  }
  // The parent is gone or needs us no more. An ordinary exit would wait for a hung native call for ever.
  process.kill(process.pid, 'SIGKILL')
}

async function answer(request: KeychainRequest): Promise<Answer> {
  const watchdog = setTimeout(() => process.kill(process.pid, 'SIGKILL'), WATCHDOG_MS)
  try {
    const keytar = await loadKeytar()
    return keytar === undefined ? { outcome: 'not_loaded' } : await perform(keytar, request)
  } catch (error) {
    return classify(error, request)
  } finally {
    clearTimeout(watchdog)
  }
}

async function loadKeytar(): Promise<Keytar | undefined> {
  try {
    // keytar is CommonJS: its namespace has only some of the names, `default` has all.
    return (await import('keytar')).default as unknown as Keytar
  } catch {
    return undefined
  }
}

async function perform(keytar: Keytar, request: KeychainRequest): Promise<Answer> {
  switch (request.operation) {
    case 'get': {
      const value = await keytar.getPassword(KEYCHAIN_SERVICE, request.account)
      // A locked keyring answers null as if there were nothing.
      if (value === null && !(await isUnlocked(keytar))) return { outcome: 'locked' }
      return { outcome: 'done', value, existed: value !== null }
    }
    case 'set': {
      await keytar.setPassword(KEYCHAIN_SERVICE, request.account, request.value)
      const value = await keytar.getPassword(KEYCHAIN_SERVICE, request.account)
      return value === request.value ? { outcome: 'done', value: null, existed: true } : { outcome: 'locked' }
    }
    case 'delete': {
      const existed = await keytar.deletePassword(KEYCHAIN_SERVICE, request.account)
      if (!existed && !(await isUnlocked(keytar))) return { outcome: 'locked' }
      return { outcome: 'done', value: null, existed }
    }
    case 'probe':
      return (await isUnlocked(keytar)) ? { outcome: 'done', value: null, existed: true } : { outcome: 'locked' }
  }
}

/** Whether the keychain gives back what it was given; the only proof that it is unlocked. */
async function isUnlocked(keytar: Keytar): Promise<boolean> {
  const account = `probe/${randomUUID()}`
  await keytar.setPassword(KEYCHAIN_SERVICE, account, account)
  const value = await keytar.getPassword(KEYCHAIN_SERVICE, account)
  return (await keytar.deletePassword(KEYCHAIN_SERVICE, account)) && value === account
}

function classify(error: unknown, request: KeychainRequest): Answer {
  const reason = error instanceof Error ? error.message : String(error)
  if (request.operation === 'set' && reason.includes(request.value)) return { outcome: 'failed', reason: 'unknown' }
  // GNOME's and KDE's words where the collection is locked, or where a prompt was needed and dismissed.
  return /locked|dismissed|prompt/i.test(reason) ? { outcome: 'locked' } : { outcome: 'failed', reason }
}
