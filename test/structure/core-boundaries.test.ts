import { expect, test } from 'vitest'
import { sourceFiles, withoutComments } from './source-files.js'

const core = sourceFiles('proxy-core').map(({ path, text }) => ({ path, code: withoutComments(text) }))
const cli = sourceFiles('cli')
  // A preset is about one agent, and an agent may insist on a vendor's variable.
  .filter(({ path }) => !path.includes('/agent/'))
  .map(({ path, text }) => ({ path, code: withoutComments(text) }))

const found = (files: readonly { readonly path: string; readonly code: string }[], pattern: RegExp) =>
  files.flatMap(({ path, code }) => [...code.matchAll(pattern)].map(([match]) => `${path}: ${match}`))

/** Whose API a protocol is, and in whose shapes errors are written: names of formats, not of providers. */
const FORMATS = /\b(?:openai|anthropic)(?:_[a-z_]+|ErrorType)\b|'(?:openai|anthropic)'/g
/** Names that no cloud's guest may reach. */
const METADATA_HOST = /'(?:metadata\.)?azure\.internal'/g
const VENDORS =
  /openai|anthropic|nvidia|\bnim\b|azure|bedrock|vertex|gemini|mistral|groq|cohere|openrouter|deepseek|claude|\bgpt\b|llama/gi

test('the core names no vendor', () => {
  const files = core.map(({ path, code }) => ({
    path,
    code: code.replaceAll(FORMATS, '').replaceAll(METADATA_HOST, ''),
  }))

  expect(found(files, VENDORS)).toEqual([])
})

test('the core and the command line name no host, no header and no key of a vendor', () => {
  const files = [...core, ...cli].map(({ path, code }) => ({ path, code: code.replaceAll(METADATA_HOST, '') }))

  expect(found(files, /\b(?:api|integrate|inference)\.(?!example\.|github\.)[a-z]+\.(?:com|ai|io)\b/gi)).toEqual([])
  // Names of credentials that no profile may let pass are no knowledge of a vendor, but of what must not leak.
  const besidesRefused = files.filter(({ path }) => !path.endsWith('/provider/header-violations.ts'))
  expect(
    found(besidesRefused, /['"](?:x-goog|x-amz|anthropic|openai|nvidia|x-stainless|x-portkey)-[a-z-]+['"]/gi),
  ).toEqual([])
})

test('the command line decides nothing by the name of a vendor', () => {
  const name = '[\'"](?:openai|anthropic|nvidia)[\'"]'

  expect(
    found(cli, new RegExp(`(?:[!=]==? *${name}|case ${name}|includes\\(${name}\\)|${name} *[!=]==?)`, 'g')),
  ).toEqual([])
})

test('the core prints nothing and reads no environment', () => {
  expect(found(core, /\bconsole\b|process\.(?:env|argv|stdout|stderr|exit)\b/g)).toEqual([])
})

test('the core keeps no state in modules', () => {
  expect(found(core, /^(?:let|var) .*/gm)).toEqual([])
})

test('a credential is revealed in exactly one file of the core', () => {
  const files = core.filter(({ path, code }) => /\breveal\(/.test(code) && !path.endsWith('/route/credential.ts'))

  expect(files.map(({ path }) => path)).toEqual(['packages/proxy-core/src/inference/upstream-fields.ts'])
})

test('TLS verification is switched off nowhere', () => {
  const everywhere = sourceFiles().map(({ path, text }) => ({ path, code: withoutComments(text) }))

  expect(
    found(
      everywhere,
      /rejectUnauthorized: *(?!true)\S+|env\.NODE_TLS_\w+ *=(?!=)|env\[['"]NODE_TLS_\w+['"]\] *=(?!=)/g,
    ),
  ).toEqual([])
})
