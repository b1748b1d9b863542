import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * @returns Path of an agent's program.
 * @throws where the agents are not installed.
 */
export function agentProgram(name: 'claude' | 'codex'): string {
  const path = fileURLToPath(new URL(`node_modules/.bin/${name}`, import.meta.url))
  if (!existsSync(path)) {
    throw new Error(`${name} is not installed: npm run test:agents installs it.`)
  }
  return path
}
