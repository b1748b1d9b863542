import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { testNeeding } from '../state/test-needing.js'
import { startClientBed } from './client-bed.js'
import { DUMMY_KEY } from './dummy-key.js'
import { expectRouted } from './expect-routed.js'
import { runClient } from './run-client.js'

const test = testNeeding(['wget'])

test('wget: a question is answered, the root named in WGETRC since GnuTLS reads no variable', async () => {
  await using bed = await startClientBed()
  const configuration = join(bed.folder, 'wgetrc')
  writeFileSync(configuration, `ca_certificate = ${bed.rootPath}\n`)

  const { exitCode, output, errorOutput } = await runClient(
    'wget',
    [
      ...['-q', '-O', '-', '--tries=1', '--timeout=15', `--header=Authorization: Bearer ${DUMMY_KEY}`],
      ...['--header=Content-Type: application/json', '--post-data={"model":"any-model","messages":[]}'],
      'https://inference.local/v1/chat/completions',
    ],
    // wget knows the name of the variable in lower case only.
    { folder: bed.folder, environment: { https_proxy: bed.proxy.url, WGETRC: configuration } },
  )

  expect({ exitCode, errorOutput }).toEqual({ exitCode: 0, errorOutput: '' })
  expect(JSON.parse(output.toString())).toMatchObject({ object: 'chat.completion', model: 'mock/echo' })
  expectRouted(bed.provider.received[0], { url: '/v1/chat/completions' })
})
