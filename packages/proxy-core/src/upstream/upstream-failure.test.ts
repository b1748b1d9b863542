import { expect, test } from 'vitest'
import { upstreamFailure } from './upstream-failure.js'

const reset = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })

test('says of a connection lost before the response that there was no answer', () => {
  expect(upstreamFailure(reset, 'https://provider.example')).toMatchObject({
    code: 'ERR_UPSTREAM_CLOSED',
    message: 'The provider at https://provider.example closed the connection before it answered (ECONNRESET).',
    cause: reset,
  })
})

test('says of a connection lost in the middle of a response that the answer broke off', () => {
  expect(upstreamFailure(reset, 'https://provider.example', 'mid_response')).toMatchObject({
    code: 'ERR_UPSTREAM_CLOSED',
    message: 'The provider at https://provider.example broke off in the middle of its answer (ECONNRESET).',
  })
})
