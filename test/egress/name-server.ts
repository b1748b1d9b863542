import { type NameRecords, type Question, readQuestion, writeAnswer } from './dns-message.js'

/** What a name has: the same each time, by the number of times its type was asked for (from 0), or no answer at all. */
export type Zone =
  | NameRecords
  | ((time: number, type: Question['type']) => NameRecords | Promise<NameRecords>)
  | 'silent'

/** The only name server there is in the bed. What it does not know does not exist. */
export class NameServer {
  /** Every question, in order. */
  readonly questions: Question[] = []
  readonly #zones = new Map<string, Zone>()

  /** @param zone - An array stands for its addresses. */
  set(name: string, zone: Zone | readonly string[]): void {
    this.#zones.set(name, Array.isArray(zone) ? { addresses: zone as readonly string[] } : (zone as Zone))
  }

  /** Names asked for, each once, in order. */
  get namesAsked(): readonly string[] {
    return [...new Set(this.questions.map(({ name }) => name))]
  }

  /** @returns `undefined` where no answer is given. */
  async answer(query: Buffer, transport: 'udp' | 'tcp'): Promise<Buffer | undefined> {
    const { name, type } = readQuestion(query)
    const isSame = (question: Question) => question.name === name && question.type === type
    const time = this.questions.filter(isSame).length
    this.questions.push({ name, type })
    const zone = this.#zones.get(name) ?? { code: 'NXDOMAIN' }
    if (zone === 'silent') return undefined
    return writeAnswer(query, typeof zone === 'function' ? await zone(time, type) : zone, transport)
  }
}
