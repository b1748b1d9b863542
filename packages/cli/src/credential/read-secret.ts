import { createInterface } from 'node:readline'
import { type Readable, Writable } from 'node:stream'
import { UserError } from '../user-error.js'
import { credentialValueViolation } from './credential-value.js'

/** Largest standard input that is read for one secret. */
const MAX_INPUT_BYTES = 64 * 1024

/** Where a secret may come from. The command passes in the process's own. */
export interface SecretInput {
  readonly environment: (name: string) => string | undefined
  readonly stdin: Readable & { readonly isTTY?: boolean }
  /** Where the question is shown; standard error, so that standard output stays clean. */
  readonly prompt: Writable
}

/**
 * The secret for a credential key given bare: from the environment variable of that name; with a terminal and none
 * set, from a prompt.
 *
 * @throws {UserError} `ERR_CREDENTIAL_NOT_SET` (exit code 2), `ERR_CREDENTIAL_INVALID` (2), `ERR_PROMPT_CANCELLED`.
 */
export async function readSecretForKey(key: string, input: SecretInput): Promise<string> {
  const value = input.environment(key)
  if (value) return checked(key, value)
  if (input.stdin.isTTY === true) return promptForSecret(key, input)
  throw new UserError(
    'ERR_CREDENTIAL_NOT_SET',
    `--credential ${key} requires local env var '${key}' to be set to a non-empty value`,
    { suggestions: [`Set it: export ${key}=...`, `Or pipe it in: --credential ${key}=-`], exitCode: 2 },
  )
}

/**
 * The secret for `KEY=-`: the whole standard input without the line break at its end; at a terminal, from a prompt.
 *
 * @throws {UserError} `ERR_CREDENTIAL_INVALID` (exit code 2), `ERR_PROMPT_CANCELLED`.
 */
export async function readSecretFromInput(key: string, input: SecretInput): Promise<string> {
  if (input.stdin.isTTY === true) return promptForSecret(key, input)
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of input.stdin) {
    const bytes = Buffer.from(chunk)
    length += bytes.length
    if (length > MAX_INPUT_BYTES) throw invalid(key, `is longer than ${MAX_INPUT_BYTES} bytes`)
    chunks.push(bytes)
  }
  return checked(
    key,
    Buffer.concat(chunks)
      .toString('utf8')
      .replace(/[\r\n]+$/, ''),
  )
}

/** Asks at the terminal without showing what is typed, not even how much. */
async function promptForSecret(key: string, { stdin, prompt }: SecretInput): Promise<string> {
  prompt.write(`${key} (not shown): `)
  // readline echoes by writing to its output; here that goes nowhere.
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() })
  const terminal = createInterface({ input: stdin, output: silence, terminal: true, historySize: 0 })
  try {
    const value = await new Promise<string>((resolve, reject) => {
      const cancelled = (): void =>
        reject(new UserError('ERR_PROMPT_CANCELLED', 'cancelled', { suggestions: ['Nothing was changed.'] }))
      terminal.once('line', resolve)
      terminal.once('SIGINT', cancelled)
      terminal.once('close', cancelled)
    })
    return checked(key, value)
  } finally {
    terminal.close()
    prompt.write('\n')
  }
}

function checked(key: string, value: string): string {
  const violation = credentialValueViolation(value)
  if (violation !== undefined) throw invalid(key, violation)
  return value
}

function invalid(key: string, violation: string): UserError {
  return new UserError('ERR_CREDENTIAL_INVALID', `the value for ${key} ${violation}`, {
    suggestions: ['It has to be the bare key, on one line.'],
    exitCode: 2,
  })
}
