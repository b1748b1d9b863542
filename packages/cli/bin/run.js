#!/usr/bin/env node
// Nothing is imported before the version is known: an older Node would fail on the first module with a stack
// instead of a sentence.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 20 || (major === 20 && minor < 20)) {
  process.stderr.write(`nemoclaw needs Node.js 20.20 or newer, and this is ${process.versions.node}.\n`)
  process.exit(1)
}
const { startCli } = await import('../dist/start-cli.js')
await startCli(new URL('..', import.meta.url))
