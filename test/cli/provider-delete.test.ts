import { expect, test } from 'vitest'
import { cliHome } from './run-cli.js'

async function homeWithProviders(...names: string[]) {
  const home = cliHome({ KEY: 'sk-delete-0123456789' })
  for (const name of names) {
    const { code } = await home.run(['provider', 'create', name, '--type', 'mock', '--credential', 'KEY'])
    if (code !== 0) throw new Error(`cannot create ${name}`)
  }
  return home
}
const names = async (home: Awaited<ReturnType<typeof homeWithProviders>>) =>
  (await home.run(['provider', 'list', '--names'])).stdout.split('\n').filter(Boolean)

test('deletes several, each with its credentials', async () => {
  using home = await homeWithProviders('a', 'b', 'c')

  const { code, stdout } = await home.run(['provider', 'delete', 'a', 'b', 'a'])

  expect({ code, stdout }).toEqual({ code: 0, stdout: '✓ Deleted provider a\n✓ Deleted provider b\n' })
  expect(await names(home)).toEqual(['c'])
  expect(home.allText()).not.toContain('provider/a/KEY')
  expect(home.allText()).toContain('provider/c/KEY')
})

test('a name that is not there is a failure, and then none is deleted', async () => {
  using home = await homeWithProviders('a')

  expect(await home.run(['provider', 'delete', 'a', 'nope'])).toMatchObject({
    code: 1,
    stderr: expect.stringContaining("provider 'nope' does not exist"),
  })
  expect(await names(home)).toEqual(['a'])
})

test('no name at all is a mistake in the call', async () => {
  using home = cliHome()

  expect((await home.run(['provider', 'delete'])).code).toBe(2)
})

test('one that a route leads to is kept, with the route and the command that frees it', async () => {
  using home = await homeWithProviders('a', 'b')
  await home.run(['cluster', 'inference', 'set', '--provider', 'a', '--model', 'm', '--no-verify'])

  const { code, stderr } = await home.run(['provider', 'delete', 'b', 'a'])

  expect(code).toBe(1)
  expect(stderr).toContain("Error: provider 'a' is in use by the route inference.local\n")
  expect(stderr).toContain('nemoclaw cluster inference unset')
  expect(await names(home)).toEqual(['a', 'b'])
})

test('--force deletes it, and the route says what is wrong', async () => {
  using home = await homeWithProviders('a')
  await home.run(['cluster', 'inference', 'set', '--provider', 'a', '--model', 'm', '--no-verify'])

  expect((await home.run(['provider', 'delete', 'a', '--force'])).code).toBe(0)

  expect(await home.json(['cluster', 'inference', 'get'])).toMatchObject({ problem: "provider 'a' does not exist" })
})

test('a name used again is another provider with no old credential', async () => {
  using home = await homeWithProviders('a')
  const before = (await home.json(['provider', 'get', 'a'])) as { id: string }
  await home.run(['provider', 'delete', 'a'])

  await home.run(['provider', 'create', 'a', '--type', 'mock', '--credential', 'OTHER=-'], { input: 'sk-other-0123' })

  const after = (await home.json(['provider', 'get', 'a'])) as { id: string; credentials: { key: string }[] }
  expect(after.id).not.toBe(before.id)
  expect(after.credentials.map(({ key }) => key)).toEqual(['OTHER'])
})
