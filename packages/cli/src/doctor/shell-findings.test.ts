import { expect, test } from 'vitest'
import type { SessionRecord } from '../session/session-file.js'
import { nodeFinding, shellFinding, verificationFinding } from './shell-findings.js'

const SESSION: SessionRecord = {
  id: '0123456789ab',
  pid: 1,
  url: 'http://127.0.0.1:4140',
  token: 'the-token',
  controlSocket: '/x.sock',
  startedAt: '2026-11-24T15:00:00Z',
}
const LED = { HTTPS_PROXY: 'http://nemoclaw:the-token@127.0.0.1:4140' }

function shell(environment: Readonly<Record<string, string>>, running = [SESSION]) {
  return shellFinding((name) => environment[name], running)
}

test('a shell that is led to the running proxy is fine', () => {
  expect(shell(LED).verdict).toBe('ok')
  expect(shell({ https_proxy: LED.HTTPS_PROXY }).verdict).toBe('ok')
  expect(shell({ ...LED, NO_PROXY: '', no_proxy: '' }).verdict).toBe('ok')
  expect(shell({ ...LED, NO_PROXY: 'localhost,.example.com,local.example,xinference.local,.' }).verdict).toBe('ok')
  expect(shell(LED, [{ ...SESSION, url: 'http://0.0.0.0:4140' }]).verdict).toBe('ok')
})

test.each([
  {},
  { HTTPS_PROXY: 'http://proxy.corp:3128' },
  { HTTPS_PROXY: 'nonsense' },
  { NO_PROXY: 'inference.local' },
])('a shell that is not led here (%j) is not judged, and hears how to be', (environment) => {
  expect(shell(environment)).toMatchObject({ verdict: 'skip', message: expect.stringContaining('nemoclaw env') })
})

test.each([
  '*',
  'inference.local',
  'INFERENCE.LOCAL',
  '.local',
  '*.local',
  'local',
  'inference.local:443',
  'localhost, .inference.local',
  'a b inference.local',
])('NO_PROXY=%s leads around the proxy', (list) => {
  for (const name of ['NO_PROXY', 'no_proxy']) {
    expect(shell({ ...LED, [name]: list })).toMatchObject({
      verdict: 'fail',
      message: `${name} sends inference.local around the proxy`,
      fix: 'eval "$(nemoclaw env)"',
    })
  }
})

test('an environment of an earlier proxy leads nowhere', () => {
  expect(shell(LED, [{ ...SESSION, token: 'a-newer-token' }])).toMatchObject({ verdict: 'fail' })
  expect(shell(LED, [{ ...SESSION, url: 'http://127.0.0.1:4141' }])).toMatchObject({
    verdict: 'fail',
    fix: 'eval "$(nemoclaw env)"',
  })
  expect(shell(LED, [])).toMatchObject({ verdict: 'fail', fix: expect.stringContaining('nemoclaw proxy run') })
})

test('no finding shows a token', () => {
  for (const running of [[], [SESSION], [{ ...SESSION, token: 'another' }]]) {
    expect(JSON.stringify(shell(LED, running))).not.toContain('the-token')
  }
})

test('an old Node.js is warned of, and verification that is off is a failure', () => {
  expect(nodeFinding('20.20.2')).toMatchObject({ verdict: 'warn', fix: 'Install Node.js 24' })
  expect(nodeFinding('24.1.0').verdict).toBe('ok')
  expect(verificationFinding(() => '0')).toMatchObject({ verdict: 'fail', fix: 'unset NODE_TLS_REJECT_UNAUTHORIZED' })
  expect(verificationFinding(() => undefined).verdict).toBe('ok')
})
