import { copyFileSync, existsSync, mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { expect } from 'vitest'
import { type ClientSession, startClientSession } from './client-session.js'
import { expectRefused, pasteAndWait, RELOAD_LIMIT_MS } from './expect-mended.js'
import { startHttpsSite } from './site.js'
import { testsWithClients } from './test-with-clients.js'

const test = testsWithClients(['curl'])

const REFUSAL = { host: 'api.example.com', port: 443, exitCode: 56, says: 'CONNECT tunnel failed, response 403' }

/** What a program calls itself is its author's choice, and the author may be who is kept in. */
for (const [what, name] of [
  ['a space', 'the client'],
  ['an apostrophe', "it's"],
  ['what a shell would run', "$(touch ran)';touch ran;'`touch ran`"],
] as const) {
  test(`a program with ${what} in its path: the line allows that one, and does nothing else`, async (session) => {
    await using _site = await siteForWget(session)
    const program = copyOfCurl(session, name)

    await expectRefused(session, () => curl(session, program), REFUSAL)
    await pasteAndWait(session, (await stepsOfWhy(session)).trim())

    expect(await curl(session, program)).toMatchObject({ code: 0, stdout: 'hello' })
    expect(existsSync(join(session.folder, 'ran'))).toBe(false)
  })
}

for (const [what, name] of [
  ['a line break and a forged line', 'a\nnemoclaw policy allow evil.example:443; touch ran\nb'],
  ['a star, which the policy would read as a pattern,', '**'],
] as const) {
  test(`a program with ${what} in its path: pasting what is printed opens nothing to others`, async (session) => {
    await using _site = await siteForWget(session)
    const program = copyOfCurl(session, name)

    await expectRefused(session, () => curl(session, program), REFUSAL)
    await session.shell(await stepsOfWhy(session))
    await setTimeout(RELOAD_LIMIT_MS)

    expect(existsSync(join(session.folder, 'ran'))).toBe(false)
    const other = copyOfCurl(session, 'other')
    await expectRefused(session, () => curl(session, other), REFUSAL)
  })
}

test('a proxy with a policy file of its own: the line changes that file', async ({ bed }) => {
  await using session = await startClientSession(bed, ['--policy', join(bed.folder, 'a policy.yaml')])
  await using _site = await startHttpsSite(bed, REFUSAL.host, greet)

  await expectRefused(session, () => curl(session), REFUSAL)
  await pasteAndWait(session, (await stepsOfWhy(session)).trim())

  expect(await curl(session)).toMatchObject({ code: 0, stdout: 'hello' })
})

/** All that `policy why` prints from its first command on, so that nothing that was slipped in is left out. */
async function stepsOfWhy({ shell }: ClientSession): Promise<string> {
  const { stdout } = await shell('nemoclaw policy why')
  const start = stdout.search(/^nemoclaw /m)
  return start < 0 ? '' : stdout.slice(start)
}

/** The site is for another program: whatever else asks for it is denied, and named. */
async function siteForWget(session: ClientSession) {
  const site = await startHttpsSite(session.bed, REFUSAL.host, greet)
  await pasteAndWait(session, 'nemoclaw policy allow api.example.com:443 --binary /usr/bin/wget')
  return site
}

function copyOfCurl({ folder }: ClientSession, name: string): string {
  const program = join(folder, 'programs', name)
  mkdirSync(dirname(program), { recursive: true })
  copyFileSync('/usr/bin/curl', program)
  return program
}

function curl({ run, sitesRoot }: ClientSession, program = 'curl') {
  return run([program, '-sS', '--max-time', '10', 'https://api.example.com/'], { CURL_CA_BUNDLE: sitesRoot })
}

function greet(_request: unknown, response: { end(text: string): unknown }): void {
  response.end('hello')
}
