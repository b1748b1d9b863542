import type { WriteKind } from './traced-writer.js'

export interface StateFound {
  readonly version: number
  readonly value: string
  readonly files: readonly string[]
}

export function write(kind: WriteKind, path: string): Promise<void>
export function read(kind: WriteKind, path: string): Promise<StateFound>
