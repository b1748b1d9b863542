import { expect, test } from 'vitest'
import { exampleProfile } from '../../../../test/cli/example-profile.js'
import type { ConfigDocument } from '../config/schema.js'
import type { ProfileCatalogue } from '../provider/profile-catalogue.js'
import { inferenceDetails, inferenceView } from './inference-view.js'
import { unsetDefaultRoute } from './unset-default-route.js'

const offering = exampleProfile({ providerType: 'offering', defaultModel: 'default/model', servesUnsetRoute: true })
const catalogue: ProfileCatalogue = {
  profiles: [offering, exampleProfile({ defaultModel: 'x' })].map((profile) => ({
    profile,
    package: 'p',
    packageVersion: '1',
    bundled: true,
  })),
  failures: [],
}
const document = (types: Record<string, string>, inference?: ConfigDocument['inference']): ConfigDocument => ({
  schemaVersion: 1,
  version: 1,
  providers: Object.fromEntries(
    Object.entries(types).map(([name, type]) => [
      name,
      { id: name, name, type, credentials: {}, config: {}, headers: [], createdAt: 'then', updatedAt: 'then' },
    ]),
  ),
  ...(inference ? { inference } : {}),
})

test('the one provider that offers itself serves, whatever others there are', () => {
  expect(
    unsetDefaultRoute(document({ mine: 'offering', other: 'example', third: 'unknown' }), catalogue),
  ).toMatchObject({
    record: { name: 'mine' },
    model: 'default/model',
  })
})

test('two that offer themselves are a choice, and nobody made it', () => {
  expect(unsetDefaultRoute(document({ a: 'offering', b: 'offering' }), catalogue)).toBeUndefined()
})

test('a route that is set stands above it', () => {
  const inference = { provider: 'other', model: 'm', version: 1, updatedAt: 'then' }

  expect(unsetDefaultRoute(document({ mine: 'offering' }, inference), catalogue)).toBeUndefined()
})

test('it is shown as what it is', () => {
  const view = inferenceView(document({ mine: 'offering' }), catalogue)

  expect(view).toMatchObject({ source: 'unset_default', provider: 'mine', model: 'default/model', version: 0 })
  expect(inferenceDetails(view)).toMatch(/^Provider: +mine \(default\)$/m)
})

test('without one, the way to set a route is told', () => {
  expect(() => inferenceView(document({ other: 'example' }), catalogue)).toThrow(
    "cluster inference is not configured; run 'nemoclaw cluster inference set --provider <name> --model <id>'",
  )
})

test('a route to a provider that is gone is a problem to be seen', () => {
  const inference = { provider: 'gone', model: 'm', version: 1, updatedAt: 'then' }

  expect(inferenceView(document({}, inference), catalogue).problem).toBe("provider 'gone' does not exist")
})
