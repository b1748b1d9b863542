import { expect, test } from 'vitest'
import { judgeAnswer } from './judge-answer.js'

const judge = (status: number, said = '', isJsonObject = true) => judgeAnswer({ status, said, isJsonObject }, 'nv')

test.each([200, 201])('%i with a JSON object works', (status) => {
  expect(judge(status)).toEqual({ verdict: 'works' })
})

test.each([400, 404, 405, 422])('%i leads to the next protocol', (status) => {
  expect(judge(status)).toEqual({ verdict: 'try_next' })
})

test.each([
  [401, 'credential_rejected'],
  [403, 'credential_rejected'],
  [429, 'rate_limited'],
  [301, 'redirected'],
  [307, 'redirected'],
  [500, 'provider_failed'],
  [503, 'provider_failed'],
  [529, 'provider_failed'],
  [402, 'request_rejected'],
  [413, 'request_rejected'],
])('%i is final: %s', (status, failureClass) => {
  expect(judge(status)).toMatchObject({ verdict: 'final', class: failureClass })
})

test('a page instead of JSON is no inference provider', () => {
  expect(judge(200, '<html>', false)).toMatchObject({ verdict: 'final', class: 'unexpected_answer' })
})

test('the sentence quotes what the provider said, and the next step names the command', () => {
  expect(judge(401, 'bad key')).toMatchObject({
    sentence: 'the provider refused the credential (401): bad key',
    nextStep: 'Enter it again: nemoclaw provider update nv --credential KEY',
  })
})
