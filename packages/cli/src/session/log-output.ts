import { fstatSync, writeSync } from 'node:fs'

/** Writes whole lines; `false` where one had to be dropped. Never throws, never waits. */
export type LineOutput = (line: string) => boolean

type Output = NodeJS.WriteStream & { readonly fd: number }

/** Bytes that may wait for a slow reader. Beyond, lines are lost: better than the memory of the proxy. */
const MAX_WAITING_BYTES = 1024 * 1024

/**
 * Standard output as it suits a program that must outlive its log: a reader that stalls or leaves, or a disk that is
 * full, costs lines and nothing else.
 */
export function lineOutput(stream: Output): LineOutput {
  return isFile(stream) ? fileOutput(stream.fd) : streamOutput(stream)
}

/** Not by the stream: it is destroyed by its first error, and a disk that was full may have space again. */
function fileOutput(fd: number): LineOutput {
  let isCut = false
  return (line) => {
    const bytes = Buffer.from(`${isCut ? '\n' : ''}${line}\n`)
    try {
      // A full disk takes a part without an error. The next line then begins with the line feed that this one lacks.
      const written = writeSync(fd, bytes)
      if (written > 0) isCut = written < bytes.length
      return written === bytes.length
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

/** Whether writing never has to wait for a reader: all but terminals, pipes and sockets. */
function isFile({ fd, isTTY }: Output): boolean {
  try {
    const stats = fstatSync(fd)
    return !isTTY && !stats.isFIFO() && !stats.isSocket()
  } catch {
    return false
  }
}
