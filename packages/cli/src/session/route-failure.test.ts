import { ProxyError } from '@nemoclaw/proxy-core'
import { expect, test } from 'vitest'
import { UserError } from '../user-error.js'
import { routeFailure } from './route-failure.js'

test('a client is told the command that mends it, and no path of this machine', () => {
  const error = new UserError('ERR_CREDENTIAL_MISSING', 'the credential K is not in the sealed file ~/x any more', {
    suggestions: ['Look: ls -l ~/x', 'Enter it again: nemoclaw provider update p --credential K'],
  })

  const failure = routeFailure(error, 'p') as ProxyError

  expect(failure).toMatchObject({ code: 'ERR_CREDENTIAL_UNAVAILABLE', status: 503, cause: error })
  expect(failure.message).toBe(
    'The credential of provider "p" cannot be had (ERR_CREDENTIAL_MISSING). ' +
      'Enter it again: nemoclaw provider update p --credential K',
  )
})

test('where no command of ours mends it, the one that says why is named', () => {
  const error = new UserError('ERR_REFERENCE_UNAVAILABLE', 'the environment variable K is not set', {
    suggestions: ['Set it where the proxy is started: export K=...'],
  })

  expect((routeFailure(error, 'p') as ProxyError).message).toContain('nemoclaw doctor')
})

test('a type that no plugin contributes is a missing provider', () => {
  const error = new UserError('ERR_PROVIDER_TYPE_UNSUPPORTED', 'unsupported', {
    suggestions: ['Install one: nemoclaw plugins install <package>'],
  })

  expect(routeFailure(error, 'p')).toMatchObject({ code: 'ERR_PROVIDER_MISSING', status: 503 })
})

test('a fault of ours is no missing credential, and what was told already stays as it is', () => {
  const fault = new TypeError('x is not a function')
  const told = new ProxyError('ERR_NOT_CONFIGURED', 'No route is set.')

  expect(routeFailure(fault, 'p')).toBe(fault)
  expect(routeFailure(told, 'p')).toBe(told)
})
