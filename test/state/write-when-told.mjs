// Usage: write-when-told.mjs config|credentials DIRECTORY WARM_DIRECTORY. Does one write to WARM_DIRECTORY, so that all code
// is loaded, says `ready`, waits for a line, does the same write to DIRECTORY, and says `stored`.
import { once } from 'node:events'
import { writeSync } from 'node:fs'
import { write } from './state-writes.mjs'

const [kind, directory, warmDirectory] = process.argv.slice(2)
await write(kind, warmDirectory)
await write(kind, warmDirectory)
process.stdin.resume()
writeSync(1, 'ready\n')
await once(process.stdin, 'data')
process.stdin.pause()
await write(kind, directory)
writeSync(1, 'stored\n')
process.exit(0)
