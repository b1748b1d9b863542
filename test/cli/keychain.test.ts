import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { startMockProvider } from '@nemoclaw/provider-mock'
import { expect } from 'vitest'
import { SECRET_SERVICE_PROGRAMS, startSecretService } from '../credential/secret-service.js'
import { testNeeding } from '../state/test-needing.js'
import { cliHome } from './run-cli.js'

const testWithKeyring = testNeeding(SECRET_SERVICE_PROGRAMS)
const OLD = 'sk-old-0123456789'
const NEW = 'sk-new-0123456789'
const itemOf = (name: string) => `service,nemoclaw,account,provider/${name}/MOCK_API_KEY`

testWithKeyring(
  'create, verify, rotate and delete, with the key in a real keyring only',
  async () => {
    await using service = await startSecretService()
    await using provider = await startMockProvider({ apiKey: [OLD, NEW] })
    using home = cliHome({ ...service.variables, NEMOCLAW_CREDENTIAL_STORE: '' })
    const create = [
      'provider',
      'create',
      'p',
      '--type',
      'mock',
      '--base-url',
      provider.url,
      '--credential',
      'MOCK_API_KEY=-',
    ]

    const created = await home.run(create, { input: OLD })
    const first = await home.run(['provider', 'verify', 'p'])
    await home.run(['provider', 'update', 'p', '--credential', 'MOCK_API_KEY=-'], { input: NEW })
    const second = await home.run(['provider', 'verify', 'p'])
    const stored = service.search(itemOf('p'))
    const shown = await home.json(['provider', 'get', 'p'])
    const deleted = await home.run(['provider', 'delete', 'p'])

    expect(created).toMatchObject({ code: 0, stderr: expect.stringContaining('Credentials are kept in the keychain') })
    expect([first.code, second.code, deleted.code]).toEqual([0, 0, 0])
    expect(provider.received.map(({ headers }) => headers.authorization)).toEqual([`Bearer ${OLD}`, `Bearer ${NEW}`])
    expect(stored).toHaveLength(1)
    expect(shown).toMatchObject({ credentials: [{ kept: 'keychain' }], credentialStore: { kind: 'keychain' } })
    expect(service.search(itemOf('p'))).toEqual([])
    expect(home.allText()).not.toMatch(/sk-(old|new)/)
  },
  60_000,
)

testWithKeyring(
  'a locked keyring is told, nothing is changed, and nothing falls back to a file',
  async () => {
    await using service = await startSecretService()
    using home = cliHome({ ...service.variables, NEMOCLAW_CREDENTIAL_STORE: '' })
    await home.run(['provider', 'create', 'p', '--type', 'mock', '--credential', 'MOCK_API_KEY=-'], { input: OLD })
    const before = await home.json(['provider', 'list'])
    service.lock()

    const created = await home.run(['provider', 'create', 'q', '--type', 'mock', '--credential', 'K=-', '--json'], {
      input: NEW,
    })
    const updated = await home.run(['provider', 'update', 'p', '--credential', 'MOCK_API_KEY=-', '--json'], {
      input: NEW,
    })

    for (const { code, stdout } of [created, updated]) {
      expect(code).toBe(1)
      expect(JSON.parse(stdout)).toMatchObject({ error: { code: expect.stringMatching(/^ERR_KEYCHAIN_/) } })
    }
    expect(await home.json(['provider', 'list'])).toEqual(before)
    expect(existsSync(join(home.path, 'state', 'config', 'credentials.sealed'))).toBe(false)
  },
  90_000,
)
