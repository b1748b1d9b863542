import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import type { ClientSession } from './client-session.js'
import { expectMended, pasteAndWait } from './expect-mended.js'
import { gitSite } from './git-site.js'
import { startHttpsSite } from './site.js'
import { testsWithClients } from './test-with-clients.js'

const test = testsWithClients(['git'])

const CLONE = {
  host: 'git.example.com',
  port: 443,
  exitCode: 128,
  says: "fatal: unable to access 'https://git.example.com/project.git/': CONNECT tunnel failed, response 403",
}
const README = 'A project that was cloned.\n'

test('git clone: denied, explained, and mended by the line that policy why gives', async (session) => {
  using repositories = await gitSite({ 'README.md': README })
  await using _site = await startHttpsSite(session.bed, 'git.example.com', repositories.listener)

  await expectMended(session, () => clone(session), CLONE)

  expect(readFileSync(join(session.folder, 'project', 'README.md'), 'utf8')).toBe(README)
  expect(new Set(session.bed.arrivals.dialled)).toEqual(new Set(['93.184.216.34:443']))
})

test('git clone where only another program may: the line names the one that git runs to ask', async (session) => {
  using repositories = await gitSite({ 'README.md': README })
  await using _site = await startHttpsSite(session.bed, 'git.example.com', repositories.listener)
  await pasteAndWait(session, 'nemoclaw policy allow git.example.com:443 --binary /usr/bin/curl')

  await expectMended(session, () => clone(session), {
    ...CLONE,
    why: 'program',
    reason: 'allows it to other programs only, not to /usr/lib/git-core/git-remote-http',
    line: 'nemoclaw policy allow git.example.com:443 --binary /usr/lib/git-core/git-remote-http',
  })

  expect(readFileSync(join(session.folder, 'project', 'README.md'), 'utf8')).toBe(README)
})

function clone({ run, sitesRoot }: ClientSession) {
  return run(['git', 'clone', 'https://git.example.com/project.git'], {
    GIT_SSL_CAINFO: sitesRoot,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_TERMINAL_PROMPT: '0',
  })
}
