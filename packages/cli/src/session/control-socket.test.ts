import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { askControlSocket, openControlSocket } from './control-socket.js'
import type { DenialGroup } from './denial-record.js'
import type { SessionRecord } from './session-file.js'
import type { SessionStatus } from './session-status.js'

const GROUP: DenialGroup = {
  host: 'a.example',
  port: 443,
  reason: 'r'.repeat(9_000),
  why: 'program',
  clients: [],
  count: 1,
  lastAt: '2026-11-24T15:00:00.000Z',
  nextSteps: [],
}

async function sessionWith(denials: () => Promise<readonly DenialGroup[]>) {
  const path = mkdtempSync(join(tmpdir(), 'control-'))
  const status = (): Promise<SessionStatus> => Promise.reject(new Error('not asked'))
  const socket = await openControlSocket({ path, shownAs: '~/state' }, 's', { '/status': status, '/denials': denials })
  const record: SessionRecord = {
    id: 's',
    pid: process.pid,
    url: 'http://127.0.0.1:1',
    startedAt: '2026-11-24T15:00:00.000Z',
    token: 't',
    controlSocket: socket.path,
  }
  return {
    record,
    async [Symbol.asyncDispose]() {
      await socket[Symbol.asyncDispose]()
      rmSync(path, { recursive: true, force: true })
    },
  }
}

test('an answer that is too large is told as that: a proxy that answers is none to end', async () => {
  await using session = await sessionWith(async () => Array.from({ length: 200 }, () => GROUP))

  const error = await askControlSocket(session.record, '/denials').catch((reason: unknown) => reason)

  expect(error).toMatchObject({
    code: 'ERR_PROXY_ANSWER_TOO_LARGE',
    message: `the proxy with pid ${process.pid} runs and answers, but with more than the 1024 KiB that are read of its denials`,
  })
  expect(JSON.stringify(error)).not.toContain('kill')
})

test('a proxy that cannot tell does not answer', async () => {
  await using session = await sessionWith(() => Promise.reject(new Error('broken')))

  await expect(askControlSocket(session.record, '/denials')).rejects.toMatchObject({ code: 'ERR_PROXY_NOT_ANSWERING' })
})
