import type { ProxyEvent } from '@nemoclaw/proxy-core'
import { expect, test } from 'vitest'
import { MAX_ANSWER_BYTES } from './control-socket.js'
import { DenialRecord } from './denial-record.js'

const record = () => new DenialRecord(() => new Date('2026-11-24T15:00:00Z'))

const denied = (about: {
  readonly host?: string
  readonly reason: string
  readonly nextSteps?: readonly string[]
  readonly client?: string
}): ProxyEvent => ({
  kind: 'egress',
  id: '1',
  method: 'CONNECT',
  target: 'a.example:443',
  action: 'deny',
  host: 'a.example',
  port: 443,
  denial: 'program',
  ...about,
})

test.each([
  ['plain text', 'x'],
  ['what JSON escapes', '\u0001'],
  ['what UTF-8 takes four bytes for', '\u{1f980}'],
  ['halves of pairs', '\ud800'],
])('256 groups of the longest denials fit into an answer with room to spare: %s', (_what, character) => {
  const denials = record()

  for (let group = 0; group < 300; group++) {
    for (let client = 0; client < 20; client++) {
      const reason = `${group} ${character.repeat(9_000)}`
      const nextSteps = [character.repeat(500), character.repeat(9_000)]
      denials.hear(denied({ host: 'h'.repeat(253), reason, nextSteps, client: `${client}`.padStart(63, 'c') }))
    }
  }

  expect(denials.groups).toHaveLength(256)
  expect(Buffer.byteLength(JSON.stringify(denials.groups))).toBeLessThan(MAX_ANSWER_BYTES * 0.9)
})

test('a reason that is too long is cut, and says so; a next step that is too long is left out, as half of it is none', () => {
  const denials = record()

  denials.hear(
    denied({ reason: 'r'.repeat(9_000), nextSteps: ['s'.repeat(9_000), 'nemoclaw policy allow a.example:443'] }),
  )

  const [group] = denials.groups
  expect(group?.reason).toMatch(/^r{900,} \[\.\.\.\]$/)
  expect(group?.nextSteps).toEqual(['nemoclaw policy allow a.example:443'])
})

test('where every next step is too long, a remark says where it is: that there is none would read as that nothing can', () => {
  const denials = record()

  denials.hear(denied({ reason: 'r', nextSteps: ['s'.repeat(9_000)] }))

  expect(denials.groups[0]?.nextSteps).toEqual(['# What would allow it is too long to be kept here; it is in the log.'])
})

test('an ordinary denial is kept as it is', () => {
  const denials = record()
  const reason = 'Egress to a.example:443 is denied: policy "a" allows it to other programs only, not to /usr/bin/git.'
  const nextSteps = [`nemoclaw policy allow a.example:443 --binary /opt/${'p'.repeat(600)}/bin/git`]

  denials.hear(denied({ reason, nextSteps }))

  expect(denials.groups).toMatchObject([{ reason, nextSteps, count: 1 }])
})
