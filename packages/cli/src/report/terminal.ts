import { UserError } from '../user-error.js'
import { printableLine } from './printable.js'

/** A person at the terminal, who can be asked. Questions go to standard error: standard output is for results. */
export interface Terminal {
  /** Whether somebody can be asked at all. */
  readonly interactive: boolean
  /**
   * @returns whether the answer was yes; anything else, and nothing, is no.
   * @throws {UserError} `ERR_PROMPT_CANCELLED`.
   */
  confirm(question: string): Promise<boolean>
}

export function terminalOf({ stdin, stderr }: NodeJS.Process): Terminal {
  return {
    interactive: Boolean(stdin.isTTY && stderr.isTTY),
    async confirm(question) {
      const { createInterface } = await import('node:readline/promises')
      const readline = createInterface({ input: stdin, output: stderr })
      const cancelled = new Promise<never>((_resolve, reject) => {
        readline.once('close', () => reject(new UserError('ERR_PROMPT_CANCELLED', 'cancelled; nothing was changed')))
      })
      try {
        const answer = await Promise.race([readline.question(`${printableLine(question)} [y/N] `), cancelled])
        return /^y(?:es)?$/i.test(answer.trim())
      } finally {
        cancelled.catch(() => {})
        readline.close()
      }
    },
  }
}
