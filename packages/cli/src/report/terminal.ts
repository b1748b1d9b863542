import { UserError } from '../user-error.js'

/** A person at the terminal, who can be asked. Questions go to standard error: standard output is for results. */
export interface Terminal {
  /** Whether somebody can be asked at all. */
  readonly interactive: boolean
  /** @returns what was typed, not shown while typing. @throws {UserError} `ERR_CANCELLED`. */
  askSecret(question: string): Promise<string>
  /** @returns whether the answer was yes; no is the default. @throws {UserError} `ERR_CANCELLED`. */
  confirm(question: string): Promise<boolean>
}

export function terminalOf({ stdin, stderr }: NodeJS.Process): Terminal {
  return {
    interactive: Boolean(stdin.isTTY && stderr.isTTY),
    async askSecret(message) {
      const { isCancel, password } = await import('@clack/prompts')
      // An empty mask: not even the length shows.
      const answer = await password({ message, mask: '', input: stdin, output: stderr })
      if (isCancel(answer)) throw cancelled()
      return answer ?? ''
    },
    async confirm(message) {
      const { confirm, isCancel } = await import('@clack/prompts')
      const answer = await confirm({ message, initialValue: false, input: stdin, output: stderr })
      if (isCancel(answer)) throw cancelled()
      return answer
    },
  }
}

function cancelled(): UserError {
  return new UserError('ERR_CANCELLED', 'cancelled; nothing was changed')
}
