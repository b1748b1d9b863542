import { counted } from '../report/counted.js'
import type { DenialGroup } from '../session/denial-record.js'

/** `policy why` for a person: what to type stands alone on its line, to be pasted. */
export function denialLines(denials: readonly DenialGroup[]): string {
  return denials
    .map(({ reason, count, lastAt, clients, nextSteps }) => {
      const who = clients.length === 0 ? '' : ` by ${clients.join(', ')}`
      const head = `${reason}\n  ${counted(count, 'time')}${who}, last at ${lastAt}`
      return [head, ...(nextSteps.length > 0 ? nextSteps : ['  Nothing can allow it.'])].join('\n')
    })
    .join('\n\n')
}
