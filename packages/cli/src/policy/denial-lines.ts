import { counted } from '../report/counted.js'
import type { DenialGroup } from '../session/denial-record.js'

/** `policy why` for a person: what to type stands alone on its line, to be pasted. */
export function denialLines(denials: readonly DenialGroup[]): string {
  return denials
    .map(({ reason, why, count, lastAt, clients, nextSteps }) => {
      const who = clients.length === 0 ? '' : ` by ${clients.join(', ')}`
      const head = `${reason}\n  ${counted(count, 'time')}${who}, last at ${lastAt}`
      return [head, ...(nextSteps.length > 0 ? nextSteps : [`  ${withoutLine(why)}`])].join('\n')
    })
    .join('\n\n')
}

/** What to say where there is no line to paste. */
function withoutLine(why: string): string {
  switch (why) {
    case 'program':
      return 'There is no line for it: the program cannot be told, or its path is not what it looks like.'
    case 'method_or_path':
    case 'ambiguous_path':
      return 'Its rules are in the policy file.'
    default:
      return 'Nothing can allow it.'
  }
}
