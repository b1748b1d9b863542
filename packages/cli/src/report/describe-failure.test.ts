import { expect, test } from 'vitest'
import { UserError } from '../user-error.js'
import { type DescribeFailureOptions, describeFailure } from './describe-failure.js'

const describe = (error: unknown, options: Partial<DescribeFailureOptions> = {}) =>
  describeFailure(error, { json: false, debug: false, command: 'nemoclaw provider list', secrets: [], ...options })

const oclifError = (message: string, exit: number) => Object.assign(new Error(message), { oclif: { exit } })

test('a user error is a sentence and what to do next, on standard error', () => {
  expect(describe(new UserError('ERR_X', 'it broke', { suggestions: ['mend it'] }))).toEqual({
    output: { stream: 'stderr', text: 'Error: it broke\n  mend it\n' },
    exitCode: 1,
  })
})

test('a suggestion that the message holds already is not repeated', () => {
  const { output } = describe(new UserError('ERR_X', 'it broke. Mend it: x', { suggestions: ['Mend it: x'] }))

  expect(output?.text).toBe('Error: it broke. Mend it: x\n')
})

test('as JSON it is code, message and suggestions on standard output', () => {
  const { output, exitCode } = describe(new UserError('ERR_X', 'it broke', { suggestions: ['mend it'], exitCode: 2 }), {
    json: true,
  })

  expect(output?.stream).toBe('stdout')
  expect(JSON.parse(output?.text ?? '')).toEqual({
    error: { code: 'ERR_X', message: 'it broke', suggestions: ['mend it'] },
  })
  expect(exitCode).toBe(2)
})

test('a mistake that the parser found is a usage error with the way to the help', () => {
  const error = oclifError(
    'The following error occurred:\n  \u001b[2mMissing required flag type\u001b[22m\nSee more help with --help',
    2,
  )

  expect(describe(error)).toEqual({
    output: { stream: 'stderr', text: 'Error: Missing required flag type\n  See: nemoclaw provider list --help\n' },
    exitCode: 2,
  })
})

test('other exit codes of oclif are kept', () => {
  expect(describe(oclifError('not found', 127)).exitCode).toBe(127)
})

test('this.exit() prints nothing', () => {
  expect(describe(Object.assign(new Error('EEXIT: 3'), { code: 'EEXIT', oclif: { exit: 3 } }))).toEqual({ exitCode: 3 })
})

test('an unexpected error has its stack with DEBUG only', () => {
  const error = new TypeError('x is not a function')

  expect(describe(error).output?.text).not.toContain('    at ')
  expect(describe(error, { debug: true }).output?.text).toContain('    at ')
})

test('secrets are masked in messages, suggestions and stacks', () => {
  const error = new Error('request with sk-secret-1 failed')

  expect(describe(error, { debug: true, secrets: ['sk-secret-1'] }).output?.text).not.toContain('sk-secret-1')
})

test('a short value is no secret, or every word would be masked', () => {
  expect(describe(new UserError('ERR_X', 'on the way'), { secrets: ['on'] }).output?.text).toBe('Error: on the way\n')
})

test('control characters in a message do not reach the terminal', () => {
  expect(describe(new UserError('ERR_X', 'bad \u001b[2J name')).output?.text).toBe('Error: bad \\u001b[2J name\n')
})

test('what is thrown need not be an error', () => {
  expect(describe('plain text').output?.text).toContain('plain text')
})
