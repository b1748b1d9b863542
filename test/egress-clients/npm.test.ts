import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { expectMended } from './expect-mended.js'
import { startNpmRegistry } from './npm-registry.js'
import { testsWithClients } from './test-with-clients.js'

const test = testsWithClients(['npm'])

test('npm install: denied, explained, and mended by the line that policy why gives', async (session) => {
  const greeting = { name: 'greeting', version: '1.2.3', source: 'export const greeting = "hello"\n' }
  await using _registry = await startNpmRegistry(session.bed, 'npm.example.com', greeting)
  writeFileSync(join(session.folder, 'package.json'), '{ "private": true }\n')
  const install = () =>
    session.run(['npm', 'install', 'greeting', '--registry', 'https://npm.example.com/'], {
      npm_config_cafile: session.sitesRoot,
      npm_config_fetch_retries: '0',
      npm_config_audit: 'false',
      npm_config_update_notifier: 'false',
    })

  await expectMended(session, install, {
    host: 'npm.example.com',
    port: 443,
    exitCode: 1,
    says: 'npm error 403 403 Forbidden - GET https://npm.example.com/greeting - destination_denied',
  })

  const installed = join(session.folder, 'node_modules', 'greeting')
  expect(readFileSync(join(installed, 'index.js'), 'utf8')).toBe(greeting.source)
  expect(JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8'))).toMatchObject({ version: '1.2.3' })
  expect(new Set(session.bed.arrivals.dialled)).toEqual(new Set(['93.184.216.34:443']))
})
