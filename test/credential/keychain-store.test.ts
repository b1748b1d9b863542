import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { KeychainStore } from '../../packages/cli/src/credential/keychain-store.js'
import { finished, startScript } from '../state/run-script.js'
import { IN_MOUNT_NAMESPACE, MOUNT_NAMESPACE, testNeeding } from '../state/test-needing.js'
import { SECRET_SERVICE_PROGRAMS, type SecretService, startSecretService } from './secret-service.js'

const SLOT = { provider: 'nvidia', key: 'NVIDIA_API_KEY' }
const ORIGIN = 'https://integrate.api.nvidia.com'
const USE_FILE = 'Or keep credentials in a sealed file: export NEMOCLAW_CREDENTIAL_STORE=file'
const USE_KEYCHAIN = new URL('./use-keychain.mjs', import.meta.url)

const testWithKeyring = testNeeding(SECRET_SERVICE_PROGRAMS)

/** All operations, each as the code of its error. */
async function codesOf(store: KeychainStore): Promise<readonly string[]> {
  const attempts = [
    () => store.probe(),
    () => store.get(SLOT),
    () => store.set(SLOT, { origin: ORIGIN, value: 'sk-hidden' }),
    () => store.delete(SLOT),
  ]
  const codes: string[] = []
  for (const attempt of attempts)
    codes.push(
      await attempt().then(
        () => 'done',
        ({ code }) => code,
      ),
    )
  return codes
}

testWithKeyring('creates, reads, rotates and deletes a credential in a real keyring', async () => {
  await using service = await startSecretService()
  const store = new KeychainStore(service)

  expect(await store.get(SLOT)).toBeUndefined()
  expect(await store.delete(SLOT)).toBe(false)
  await store.set(SLOT, { origin: ORIGIN, value: 'sk-one' })
  expect(await store.get(SLOT)).toMatchObject({ origin: ORIGIN, value: 'sk-one' })
  await store.set(SLOT, { origin: 'http://127.0.0.1:8000', value: 'sk-"two"\u2028 {}' })
  expect(await new KeychainStore(service).get(SLOT)).toMatchObject({
    origin: 'http://127.0.0.1:8000',
    value: 'sk-"two"\u2028 {}',
  })
  expect(await store.get({ ...SLOT, key: 'OTHER' })).toBeUndefined()
  expect(await store.delete(SLOT)).toBe(true)
  expect(await store.get(SLOT)).toBeUndefined()
})

testWithKeyring('keeps it where other programs find it: service nemoclaw, account provider/NAME/KEY', async () => {
  await using service = await startSecretService()
  await new KeychainStore(service).set(SLOT, { origin: ORIGIN, value: 'sk-one' })

  expect(service.search('service,nemoclaw,account,provider/nvidia/NVIDIA_API_KEY')).toHaveLength(1)
})

testWithKeyring('leaves no probe behind', async () => {
  await using service = await startSecretService()
  const store = new KeychainStore(service)
  await store.probe()
  await store.get(SLOT)
  await store.delete(SLOT)

  expect(service.search('service,nemoclaw')).toEqual([])
})

testWithKeyring('refuses a bare value that somebody else put there, without showing it', async () => {
  await using service = await startSecretService()
  const child = startScript(USE_KEYCHAIN, ['put-raw'], { env: service.variables })
  child.stdin?.end('sk-hidden')
  expect(await finished(child)).toMatchObject({ code: 0, stderr: '' })

  const error = await new KeychainStore(service).get(SLOT).catch((reason: unknown) => reason)

  expect(error).toMatchObject({
    code: 'ERR_CREDENTIAL_UNBOUND',
    suggestions: ['Enter it again: nemoclaw provider update nvidia --credential NVIDIA_API_KEY'],
  })
  expect((error as Error).stack).not.toContain('sk-hidden')
})

testWithKeyring('says that the keyring is locked, never that nothing is stored', async () => {
  await using service = await startSecretService()
  const store = new KeychainStore(service)
  await store.set(SLOT, { origin: ORIGIN, value: 'sk-one' })
  service.lock()

  expect(await codesOf(store)).toEqual(Array(4).fill('ERR_KEYCHAIN_LOCKED'))
  await expect(store.get({ ...SLOT, key: 'NEVER_STORED' })).rejects.toMatchObject({
    code: 'ERR_KEYCHAIN_LOCKED',
    message: 'the keychain is locked',
    suggestions: [expect.stringContaining('Unlock it'), USE_FILE],
  })
})

testWithKeyring('goes on after the keyring was away', async () => {
  await using service = await startSecretService()
  const store = new KeychainStore(service)
  await store.set(SLOT, { origin: ORIGIN, value: 'sk-one' })
  service.keyring.kill('SIGSTOP')
  await expect(new KeychainStore({ ...service, timeoutMs: 300 }).get(SLOT)).rejects.toMatchObject({
    code: 'ERR_KEYCHAIN_TIMEOUT',
  })
  // A proxy that lives on must not gather one hung process per try.
  await delay(1_000)
  expect(keychainProcesses(homeOf(service))).toEqual([])
  service.keyring.kill('SIGCONT')

  expect(await store.get(SLOT)).toMatchObject({ value: 'sk-one' })
})

test('says that there is no D-Bus session', async () => {
  const variables: Record<string, string> = { PATH: process.env['PATH'] ?? '', HOME: '/nonexistent' }
  const store = new KeychainStore({ environment: (name) => variables[name] })

  const begin = performance.now()
  expect(await codesOf(store)).toEqual(Array(4).fill('ERR_KEYCHAIN_UNAVAILABLE'))
  expect(performance.now() - begin).toBeLessThan(5_000)
})

for (const who of ['keyring', 'bus'] as const) {
  testWithKeyring(`gives up within 5 s on a ${who} that hangs, and its process can end`, async () => {
    await using service = await startSecretService()
    service[who].kill('SIGSTOP')

    const begin = performance.now()
    const child = startScript(USE_KEYCHAIN, ['get'], { env: service.variables })
    const { stdout, stderr, code } = await finished(child)

    expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
    expect(JSON.parse(stdout)).toMatchObject({
      code: 'ERR_KEYCHAIN_TIMEOUT',
      message: 'the keychain did not answer within 4.5 s',
      suggestions: [expect.any(String), USE_FILE],
    })
    // Far above the limit of 4.5 s and far below for ever: a busy machine takes its time to start a process.
    expect(performance.now() - begin).toBeLessThan(15_000)
    expect(JSON.parse(stdout).ms).toBeLessThan(5_000)
    await delay(100)
    expect(keychainProcesses(homeOf(service))).toEqual([])
  })
}

testWithKeyring('leaves no process behind that was killed in the middle of a call', async () => {
  await using service = await startSecretService()
  service.keyring.kill('SIGSTOP')
  const child = startScript(USE_KEYCHAIN, ['get'], { env: service.variables })
  const end = finished(child)
  while (keychainProcesses(homeOf(service)).length === 0) await delay(20)

  child.kill('SIGKILL')
  await end
  await delay(500)

  expect(keychainProcesses(homeOf(service))).toEqual([])
})

testNeeding([...SECRET_SERVICE_PROGRAMS, MOUNT_NAMESPACE])('says that libsecret is missing', async () => {
  await using service = await startSecretService()

  const child = startScript(USE_KEYCHAIN, ['without-libsecret', 'get'], { env: service.variables }, IN_MOUNT_NAMESPACE)
  const { stdout, stderr, code } = await finished(child)

  expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
  expect(JSON.parse(stdout)).toMatchObject({
    code: 'ERR_KEYCHAIN_UNAVAILABLE',
    message: 'no keychain can be used: keytar does not load; on Linux it needs libsecret',
    suggestions: ['Install it: apt-get install libsecret-1-0 gnome-keyring', USE_FILE],
  })
})

testWithKeyring(
  'loads no native module into its own process, and gives the secret to no argument and no environment',
  async () => {
    await using service = await startSecretService()
    const child = startScript(USE_KEYCHAIN, ['set-and-wait'], {
      env: {
        ...service.variables,
        NEMOCLAW_PASSPHRASE: 'pass',
        KEY: 'sk-hidden',
        DEBUG: '*',
        NODE_DEBUG: 'child_process',
      },
    })
    const end = finished(child)
    let keychain: readonly string[] = []
    while (keychain.length === 0) {
      keychain = keychainProcesses(homeOf(service))
      await delay(5)
    }
    const seen = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${keychain[0]}/${file}`, 'utf8')).join()
    child.stdin?.end()
    const { stdout, stderr } = await end

    expect(stdout + stderr).not.toContain('sk-hidden')
    expect(seen).toContain('keychain-process.js')
    expect(seen).not.toContain('sk-hidden')
    expect(seen).not.toContain('NEMOCLAW_PASSPHRASE')
    expect(JSON.parse(stdout)).toEqual({ libraries: [] })
  },
)

function homeOf({ variables }: SecretService): string {
  return variables['HOME'] as string
}

/** Process ids of the keychain processes of a service's user, as its home folder tells them from any other. */
function keychainProcesses(home: string): readonly string[] {
  return readdirSync('/proc').filter((pid) => {
    try {
      return (
        /^\d+$/.test(pid) &&
        readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('keychain-process.js') &&
        readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`HOME=${home}`)
      )
    } catch {
      return false
    }
  })
}
