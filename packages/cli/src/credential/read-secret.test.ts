import { PassThrough, Readable, Writable } from 'node:stream'
import { expect, test } from 'vitest'
import { readSecretForKey, readSecretFromInput, type SecretInput } from './read-secret.js'

function input(stdin: SecretInput['stdin'], variables: Readonly<Record<string, string>> = {}) {
  const shown: string[] = []
  const prompt = new Writable({
    write: (chunk, _encoding, done) => {
      shown.push(String(chunk))
      done()
    },
  })
  return { environment: (name: string) => variables[name], stdin, prompt, shown }
}

const terminal = () => Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} })

test('takes the variable of the same name', async () => {
  expect(await readSecretForKey('KEY', input(Readable.from([]), { KEY: 'sk-abc' }))).toBe('sk-abc')
})

test('says which variable to set where there is none, and none to type it at', async () => {
  await expect(readSecretForKey('KEY', input(Readable.from([]), { KEY: '' }))).rejects.toMatchObject({
    code: 'ERR_CREDENTIAL_NOT_SET',
    message: "--credential KEY requires local env var 'KEY' to be set to a non-empty value",
    exitCode: 2,
  })
})

test('takes standard input without the line break at its end', async () => {
  expect(await readSecretFromInput('KEY', input(Readable.from(['sk-', 'abc\r\n'])))).toBe('sk-abc')
})

test.each([
  ['nothing', [], 'is empty'],
  ['two lines', ['sk-hidden\nsk-hidden\n'], 'holds a line break'],
  ['too much', ['x'.repeat(65_537)], 'is longer than 65536 bytes'],
])('refuses %s on standard input without showing it', async (_what, chunks, violation) => {
  const error = await readSecretFromInput('KEY', input(Readable.from(chunks))).catch((reason: unknown) => reason)

  expect(error).toMatchObject({
    code: 'ERR_CREDENTIAL_INVALID',
    message: `the value for KEY ${violation}`,
    exitCode: 2,
  })
  expect((error as Error).stack).not.toContain('sk-hidden')
})

test('asks at a terminal and shows nothing of what is typed', async () => {
  const stdin = terminal()
  const asked = input(stdin)
  const secret = readSecretForKey('KEY', asked)
  stdin.write('sk-typo\u007f\u007f\u007f\u007fabc\r')

  expect(await secret).toBe('sk-abc')
  expect(asked.shown.join('')).toBe('KEY (not shown): \n')
})

test('changes nothing when the question is cancelled', async () => {
  const stdin = terminal()
  const secret = readSecretFromInput('KEY', input(stdin))
  stdin.write('sk-ab\u0003')

  await expect(secret).rejects.toMatchObject({ code: 'ERR_PROMPT_CANCELLED' })
})
