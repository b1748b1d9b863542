import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { CLI } from '../cli/run-cli.js'
import { runCommand } from './run-command.js'
import { sessionHome } from './session-home.js'

/** A folder that a demonstration must leave empty, and an environment that leads it there. */
function demoPlace(home: { readonly path: string }, path = process.env['PATH'] ?? '') {
  const temporary = join(home.path, 'tmp')
  mkdirSync(temporary)
  // Every file it writes for its user would be below one of these.
  return { temporary, env: { PATH: path, HOME: join(home.path, 'nowhere'), TMPDIR: temporary } }
}

/** The process and all that it started, by what Linux knows. */
function familyOf(pid: number): readonly number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const [, parent] = /^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${name}/status`, 'utf8')) ?? []
        return [[Number(name), Number(parent)] as const]
      } catch {
        return [] // It has just ended.
      }
    })
  const family = [pid]
  for (const member of family) family.push(...parents.filter(([, parent]) => parent === member).map(([child]) => child))
  return family
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

test('the demonstration shows the main job, with curl, in less than 15 s, and leaves nothing behind', async () => {
  using home = sessionHome()
  const { temporary, env } = demoPlace(home)

  const startedAt = performance.now()
  const { code, stdout, stderr } = await runCommand(process.execPath, [CLI, 'demo'], env)
  const seconds = (performance.now() - startedAt) / 1000

  console.log(`the demonstration took ${seconds.toFixed(1)} s`)
  expect([code, stderr]).toEqual([0, ''])
  expect(stdout).toContain('You asked: "Who answers me, and with whose key?"')
  expect(stdout).toMatch(/model {7}mock\/echo {3}\(asked for: gpt-4o\)/)
  expect(stdout).toMatch(/credential {2}sk-\*\*\*[0-9a-f]{4} {3}\(the client sent none\)/)
  expect(stdout).not.toMatch(/sk-demo-[0-9a-f]{24}/)
  expect(seconds).toBeLessThan(15)
  expect(readdirSync(temporary)).toEqual([])
  expect(readdirSync(home.path)).not.toContain('nowhere')
})

test('without curl, Node.js asks in its place; --json prints what was seen and nothing else', async () => {
  using home = sessionHome()
  const bin = join(home.path, 'bin')
  mkdirSync(bin)
  symlinkSync(process.execPath, join(bin, 'node'))
  const { temporary, env } = demoPlace(home, bin)

  const { code, stdout, stderr } = await runCommand(process.execPath, [CLI, 'demo', '--json'], env)

  expect([code, stderr]).toEqual([0, ''])
  expect(JSON.parse(stdout)).toEqual({
    client: 'node',
    answer: expect.stringContaining('Who answers me, and with whose key?'),
    modelRequested: 'gpt-4o',
    modelReceived: 'mock/echo',
    credentialReceived: expect.stringMatching(/^sk-\*\*\*[0-9a-f]{4}$/),
  })
  expect(readdirSync(temporary)).toEqual([])
})

test.each([
  ['while it starts', '1. A provider', 'process'],
  ['while a command runs', 'provider create', 'process'],
  ['while the proxy runs', '4. An agent', 'process'],
  ['by a terminal, which tells the whole group', '3. The proxy', 'group'],
])('interrupted %s, it ends what it started and removes what it wrote', async (_, moment, whom) => {
  using home = sessionHome()
  const { temporary, env } = demoPlace(home)
  const child = spawn(process.execPath, [CLI, 'demo'], { env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  const closed = once(child, 'close') as Promise<[number | null, NodeJS.Signals | null]>
  let said = ''
  await new Promise<void>((resolve) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      said += text
      if (said.includes(moment)) resolve()
    })
  })
  const family = familyOf(child.pid!)

  process.kill(whom === 'group' ? -child.pid! : child.pid!, 'SIGINT')
  const [code] = await closed

  expect(code).toBe(130)
  expect(readdirSync(temporary)).toEqual([])
  expect(family.filter(isAlive)).toEqual([])
  // Nor anything that was started meanwhile: of its process group nobody is left.
  expect(() => process.kill(-child.pid!, 0)).toThrow('ESRCH')
})
