import { fstatSync, writeSync } from 'node:fs'

/** Writes whole lines; `false` where one had to be dropped. Never throws, never waits. */
export type LineOutput = (line: string) => boolean

/** Bytes that may wait for a slow reader. Beyond, lines are lost: better than the memory of the proxy. */
const MAX_WAITING_BYTES = 1024 * 1024

/**
 * Standard output as it suits a program that must outlive its log: a reader that stalls or leaves, or a disk that is
 * full, costs lines and nothing else.
 */
export function lineOutput(stream: NodeJS.WriteStream & { readonly fd: number }): LineOutput {
  return isRegularFile(stream.fd) ? fileOutput(stream.fd) : streamOutput(stream)
}

/** Not by the stream: it is destroyed by its first error, and a disk that was full may have space again. */
function fileOutput(fd: number): LineOutput {
  return (line) => {
    try {
      writeSync(fd, `${line}\n`)
      return true
    } catch {
      return false
    }
  }
}

function streamOutput(stream: NodeJS.WriteStream): LineOutput {
  return (line) => {
    if (stream.destroyed || !stream.writable || stream.writableLength > MAX_WAITING_BYTES) return false
    stream.write(`${line}\n`)
    return true
  }
}

function isRegularFile(fd: number): boolean {
  try {
    return fstatSync(fd).isFile()
  } catch {
    return false
  }
}
