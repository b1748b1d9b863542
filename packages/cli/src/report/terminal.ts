import { UserError } from '../user-error.js'

/** A person at the terminal, who can be asked. Questions go to standard error: standard output is for results. */
export interface Terminal {
  /** Whether somebody can be asked at all. */
  readonly interactive: boolean
  /** @returns whether the answer was yes; no is the default. @throws {UserError} `ERR_PROMPT_CANCELLED`. */
  confirm(question: string): Promise<boolean>
}

export function terminalOf({ stdin, stderr }: NodeJS.Process): Terminal {
  return {
    interactive: Boolean(stdin.isTTY && stderr.isTTY),
    async confirm(message) {
      const { confirm, isCancel } = await import('@clack/prompts')
      const answer = await confirm({ message, initialValue: false, input: stdin, output: stderr })
      if (isCancel(answer)) throw new UserError('ERR_PROMPT_CANCELLED', 'cancelled; nothing was changed')
      return answer
    },
  }
}
