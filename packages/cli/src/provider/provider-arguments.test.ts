import { expect, test } from 'vitest'
import { exampleProfile } from '../../../../test/cli/example-profile.js'
import { argumentWarnings, configFrom, readProviderArguments } from './provider-arguments.js'

test('--from-existing and --credential are two answers to one question', () => {
  expect(() => readProviderArguments({ 'from-existing': true, credential: ['KEY'] })).toThrow(
    expect.objectContaining({ message: '--from-existing cannot be combined with --credential', exitCode: 2 }),
  )
})

test('--base-url is kept under the key that the profile names for it', () => {
  const given = readProviderArguments({ 'base-url': 'https://x.example.org/v1/' })

  expect([...configFrom(given, exampleProfile())]).toEqual([['EXAMPLE_BASE_URL', 'https://x.example.org/v1']])
})

test('what was typed wins over what was found, under whatever key', () => {
  const found = new Map([['EXAMPLE_BASE_URL', 'https://found.example.org']])

  expect([
    ...configFrom(readProviderArguments({ config: ['BASE_URL=https://typed.example.org'] }), exampleProfile(), found),
  ]).toEqual([['BASE_URL', 'https://typed.example.org']])
  expect([...configFrom(readProviderArguments({ config: ['REGION=eu'] }), exampleProfile(), found)]).toEqual([
    ['EXAMPLE_BASE_URL', 'https://found.example.org'],
    ['REGION', 'eu'],
  ])
})

test('a base URL in config is checked like any other', () => {
  const given = readProviderArguments({ config: ['EXAMPLE_BASE_URL=http://8.8.8.8/v1'] })

  expect(() => configFrom(given, exampleProfile())).toThrow(
    expect.objectContaining({ code: 'ERR_BASE_URL_INVALID', message: expect.stringContaining('EXAMPLE_BASE_URL') }),
  )
})

test('two base URLs are refused rather than one of them ignored', () => {
  const given = readProviderArguments({
    'base-url': 'https://a.example.org',
    config: ['BASE_URL=https://b.example.org'],
  })

  expect(() => configFrom(given, exampleProfile())).toThrow(expect.objectContaining({ code: 'ERR_BASE_URL_TWICE' }))
})

test('a value on the command line is warned about without being quoted', () => {
  const [warning, ...others] = argumentWarnings(readProviderArguments({ credential: ['A=sk-typed', 'B', 'C=env:X'] }))

  expect(warning).toContain('shell history')
  expect(warning).not.toContain('sk-typed')
  expect(others).toEqual([])
})
