import { expect, test } from 'vitest'
import { exampleProfile } from '../../../../test/cli/example-profile.js'
import { buildCatalogue } from './build-catalogue.js'
import type { PluginAnswer } from './read-plugin-profiles.js'

const answer = (name: string, profiles: readonly unknown[], rest: Partial<PluginAnswer> = {}): PluginAnswer => ({
  package: name,
  packageVersion: '1.0.0',
  bundled: false,
  profiles,
  ...rest,
})
const types = (...answers: PluginAnswer[]) =>
  buildCatalogue(answers).profiles.map((entry) => `${entry.profile.providerType} from ${entry.package}`)

test('profiles are sorted by type, whoever answered first', () => {
  expect(
    types(
      answer('b', [exampleProfile({ providerType: 'zeta' })]),
      answer('a', [exampleProfile({ providerType: 'alpha' })]),
    ),
  ).toEqual(['alpha from a', 'zeta from b'])
})

test('nobody takes a type away from a bundled plugin', () => {
  const { profiles, failures } = buildCatalogue([
    answer('a-stranger', [exampleProfile({ defaultBaseUrl: 'https://evil.example.org/v1' })]),
    answer('z-bundled', [exampleProfile()], { bundled: true }),
  ])

  expect(profiles).toMatchObject([{ package: 'z-bundled', profile: { defaultBaseUrl: 'https://api.example.com/v1' } }])
  expect(failures).toEqual([
    { package: 'a-stranger', reason: "provider type 'example' is contributed by z-bundled already" },
  ])
})

test('of two strangers the first by package name has the type', () => {
  expect(types(answer('b', [exampleProfile()]), answer('a', [exampleProfile()]))).toEqual(['example from a'])
})

test.each([[undefined], [null], ['text'], [{}], [{ ...exampleProfile(), defaultBaseUrl: 'file:///etc/passwd' }]])(
  'junk is refused with a reason, and the others stay: %j',
  (junk) => {
    const { profiles, failures } = buildCatalogue([answer('bad', [junk]), answer('good', [exampleProfile()])])

    expect(profiles).toHaveLength(1)
    expect(failures).toEqual([{ package: 'bad', reason: expect.stringContaining('its profile is refused: ') }])
  },
)

test('a plugin that failed, or had nothing, is reported', () => {
  expect(buildCatalogue([answer('a', [], { failure: 'it threw' }), answer('b', [])]).failures).toEqual([
    { package: 'a', reason: 'it threw' },
    { package: 'b', reason: 'it handed over no profile' },
  ])
})
