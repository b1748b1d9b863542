import { randomUUID } from 'node:crypto'
import { lstatSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PluginAnswer } from './read-plugin-profiles.js'

interface CachedAnswers {
  /** Fingerprint of the plugins that gave the answers. */
  readonly key: string
  /** Milliseconds since 1970; failures are asked again after a while. */
  readonly writtenAt: number
  readonly answers: readonly PluginAnswer[]
}

const FILE = 'provider-profiles.json'
/** How long a failure is believed, in milliseconds: it may have been a busy machine. */
const FAILURE_LIFETIME_MS = 60_000

/** @returns The answers given under `key`; `undefined` where there are none, or none that can be trusted. */
export function readProfileCache(folder: string, key: string, now: number): readonly PluginAnswer[] | undefined {
  try {
    const path = join(folder, FILE)
    // It says where keys are sent: another user's file, or one that others may write to, is not ours.
    const stats = lstatSync(path)
    if (!stats.isFile() || stats.uid !== (process.getuid?.() ?? stats.uid) || (stats.mode & 0o022) !== 0)
      return undefined
    const cached: unknown = JSON.parse(readFileSync(path, 'utf8'))
    if (!isCachedAnswers(cached) || cached.key !== key) return undefined
    const failed = cached.answers.some(({ failure }) => failure !== undefined)
    const age = now - cached.writtenAt
    return failed && !(age >= 0 && age < FAILURE_LIFETIME_MS) ? undefined : cached.answers
  } catch {
    return undefined
  }
}

/** Replaces the cache at once, or not at all: it is only a saving of time, so a folder that cannot be used is no error. */
export function writeProfileCache(folder: string, cached: CachedAnswers): void {
  const temporary = join(folder, `.${FILE}.${randomUUID()}`)
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(temporary, JSON.stringify(cached), { mode: 0o600, flag: 'wx' })
    renameSync(temporary, join(folder, FILE))
  } catch {
    removeIfThere(temporary)
  }
}

function removeIfThere(path: string): void {
  try {
    rmSync(path)
  } catch {
    // It was never made: the folder is none, or full, or not ours.
  }
}

function isCachedAnswers(value: unknown): value is CachedAnswers {
  return (
    isObject(value) &&
    typeof value['key'] === 'string' &&
    typeof value['writtenAt'] === 'number' &&
    Array.isArray(value['answers']) &&
    value['answers'].every(isAnswer)
  )
}

function isAnswer(value: unknown): value is PluginAnswer {
  return (
    isObject(value) &&
    typeof value['package'] === 'string' &&
    typeof value['packageVersion'] === 'string' &&
    typeof value['bundled'] === 'boolean' &&
    Array.isArray(value['profiles']) &&
    ['string', 'undefined'].includes(typeof value['failure'])
  )
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
