import { stripVTControlCharacters } from 'node:util'
import { UserError } from '../user-error.js'
import { printable } from './printable.js'

export interface DescribeFailureOptions {
  /** Whether the user asked for JSON. */
  readonly json: boolean
  /** Whether an unexpected error shows its stack. */
  readonly debug: boolean
  /** The command as typed, e.g. `nemoclaw provider create`, for the hint to its help. */
  readonly command: string
  /** Values that must not be in any text. */
  readonly secrets: readonly string[]
}

/** What the user is told of an error, and how the process ends. */
export interface FailureDescription {
  /** Nothing where the error was already told, or says no more than an exit code. */
  readonly output?: { readonly stream: 'stdout' | 'stderr'; readonly text: string }
  readonly exitCode: number
}

interface Failure {
  readonly code: string
  readonly message: string
  readonly suggestions: readonly string[]
  readonly exitCode: number
}

/** Shortest text that is taken for a secret: shorter ones would blank out ordinary words. */
const MIN_SECRET_LENGTH = 6

/** Turns whatever a command threw into text and an exit code: 2 for a mistake in the call, 1 for a failure. */
export function describeFailure(error: unknown, options: DescribeFailureOptions): FailureDescription {
  const silent = silentExitCode(error)
  if (silent !== undefined) return { exitCode: silent }
  const failure = classify(error, options)
  const tidy = (text: string) => printable(withoutSecrets(text, options.secrets))
  const message = tidy(failure.message)
  const suggestions = failure.suggestions.map(tidy)
  if (options.json) {
    const text = JSON.stringify({ error: { code: failure.code, message, suggestions } }, undefined, 2)
    return { output: { stream: 'stdout', text: `${text}\n` }, exitCode: failure.exitCode }
  }
  // The message may already end in what to do: contract texts are one line.
  const further = suggestions.filter((suggestion) => !message.includes(suggestion))
  const text = [`Error: ${message}`, ...further.map((suggestion) => `  ${suggestion}`)].join('\n')
  return { output: { stream: 'stderr', text: `${text}\n` }, exitCode: failure.exitCode }
}

function silentExitCode(error: unknown): number | undefined {
  if (!isObject(error)) return undefined
  // Thrown by oclif's `this.exit(code)`.
  if (error['code'] === 'EEXIT') return oclifExitCode(error) ?? 0
  if (error['message'] === 'SIGINT') return 130
  return undefined
}

function classify(error: unknown, options: DescribeFailureOptions): Failure {
  if (error instanceof UserError) return error
  const exitCode = oclifExitCode(error)
  if (exitCode !== undefined && error instanceof Error) {
    const usage = exitCode === 2
    return {
      code: usage ? 'ERR_USAGE' : 'ERR_COMMAND_FAILED',
      message: parserSentence(error.message),
      suggestions: [...oclifSuggestions(error), ...(usage ? [`See: ${options.command} --help`] : [])],
      exitCode,
    }
  }
  return unexpected(error, options)
}

/** A bug of ours: no sentence was prepared for it. */
function unexpected(error: unknown, { debug, command }: DescribeFailureOptions): Failure {
  const said = error instanceof Error ? `${error.name}: ${error.message}` : String(error)
  const stack = debug && error instanceof Error ? error.stack : undefined
  return {
    code: 'ERR_UNEXPECTED',
    message: `unexpected failure: ${stack ?? said}`,
    suggestions: stack ? [] : [`This is a fault in nemoclaw. To see where: DEBUG=nemoclaw ${command} ...`],
    exitCode: 1,
  }
}

function oclifExitCode(error: unknown): number | undefined {
  const oclif = isObject(error) ? error['oclif'] : undefined
  const exit = isObject(oclif) ? oclif['exit'] : undefined
  return typeof exit === 'number' ? exit : undefined
}

function oclifSuggestions(error: object): readonly string[] {
  const suggestions: unknown = Reflect.get(error, 'suggestions')
  return Array.isArray(suggestions) ? suggestions.map(String) : []
}

/** oclif's parser dresses its sentences for a terminal; `--json` wants the sentence. */
function parserSentence(message: string): string {
  return stripVTControlCharacters(message)
    .replace('\nSee more help with --help', '')
    .replace(/^The following errors? occurred:\s*/, '')
    .trim()
}

function withoutSecrets(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret.length >= MIN_SECRET_LENGTH)
    .toSorted((one, other) => other.length - one.length)
    .reduce((masked, secret) => masked.replaceAll(secret, '[redacted]'), text)
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
