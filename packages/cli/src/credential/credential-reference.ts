import { isAbsolute } from 'node:path'
import { UserError } from '../user-error.js'
import { splitWords } from './split-words.js'

/** Where a credential that is not kept by us is fetched from, each time it is needed. */
export type CredentialReference =
  | { readonly kind: 'env'; readonly name: string }
  | { readonly kind: 'file'; readonly path: string }
  /** A program with its arguments: no shell takes part. */
  | { readonly kind: 'exec'; readonly argv: readonly [program: string, ...argument: string[]] }

/** Whether a text is meant as a reference. Ask this only of `--credential KEY=REF`, never of a value that was read. */
export function looksLikeReference(text: string): boolean {
  return /^(env|file|exec):/.test(text)
}

/**
 * `env:NAME`, `file:/absolute/path`, `exec:["program","argument"]` or `exec:program 'an argument'`.
 *
 * @throws {UserError} `ERR_REFERENCE_INVALID`, exit code 2.
 */
export function parseReference(text: string): CredentialReference {
  const rest = text.slice(text.indexOf(':') + 1)
  if (text.startsWith('env:')) return parseEnvironment(rest)
  if (text.startsWith('file:')) return parseFile(rest)
  if (text.startsWith('exec:')) return parseExec(rest)
  throw invalid('a reference begins with env:, file: or exec:', ['For example: env:NVIDIA_API_KEY'])
}

function parseEnvironment(name: string): CredentialReference {
  if (/^NEMOCLAW_/i.test(name))
    throw invalid('env: does not take what unlocks nemoclaw itself', ['For example: env:NVIDIA_API_KEY'])
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return { kind: 'env', name }
  throw invalid('env: needs the name of an environment variable', ['For example: env:NVIDIA_API_KEY'])
}

function parseFile(path: string): CredentialReference {
  // The proxy's working directory is not the one in which the reference was typed.
  if (isAbsolute(path) && !path.includes('\0')) return { kind: 'file', path }
  throw invalid('file: needs an absolute path', ['For example: file:/run/secrets/nvidia-api-key'])
}

function parseExec(command: string): CredentialReference {
  const argv = command.trimStart().startsWith('[') ? parseArray(command) : splitWords(command)
  if (!Array.isArray(argv)) throw invalid(`exec: ${argv}`, EXEC_EXAMPLES)
  const [program, ...rest] = argv
  if (program === undefined || program === '') throw invalid('exec: needs a program', EXEC_EXAMPLES)
  if (argv.some((word) => word.includes('\0'))) throw invalid('exec: holds a NUL character', EXEC_EXAMPLES)
  if (program.includes('/') && !isAbsolute(program)) {
    throw invalid('exec: runs in /, so the program needs an absolute path or a name found in PATH', EXEC_EXAMPLES)
  }
  return { kind: 'exec', argv: [program, ...rest] }
}

function parseArray(command: string): readonly string[] | string {
  try {
    const value: unknown = JSON.parse(command)
    return Array.isArray(value) && value.every((word) => typeof word === 'string') ? value : 'needs a list of texts'
  } catch {
    return 'needs a JSON list of texts'
  }
}

const EXEC_EXAMPLES = [
  `For example: exec:pass show nvidia`,
  `No shell takes part. Where you want one: exec:["sh","-c","pass show nvidia | head -n1"]`,
]

function invalid(message: string, suggestions: readonly string[]): UserError {
  return new UserError('ERR_REFERENCE_INVALID', message, { suggestions, exitCode: 2 })
}
