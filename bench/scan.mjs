// What it costs to check a request's JSON and find its model, beside JSON.parse of the same bytes in the same run.
//
//   npm run bench -- scan [rounds]
import { scanJsonObject } from '../packages/proxy-core/dist/inference/json-scan.js'
import { summary, table } from './report.mjs'

const MIB = 1024 * 1024

export async function benchScan(rounds = 15) {
  const turn = { role: 'user', content: 'A sentence of ordinary length, with "quotes" and a line\nbreak. '.repeat(8) }
  const contents = {
    'conversation, 1 MiB': conversation(turn, MIB),
    'conversation, 31 MiB': conversation(turn, 31 * MIB),
    'one base64 image, 31 MiB': Buffer.from(JSON.stringify({ model: 'm', image: 'QUJD'.repeat((31 * MIB) / 4) })),
  }
  const rows = Object.entries(contents).map(([name, content]) => {
    const scanned = []
    const parsed = []
    for (let round = 0; round <= rounds; round++) {
      const scan = rate(content, () => scanJsonObject(content))
      const parse = rate(content, () => JSON.parse(content.toString()))
      if (round > 0) {
        scanned.push(scan)
        parsed.push(parse)
      }
    }
    return [name, summary(scanned).text, summary(parsed).text]
  })
  console.log(table(['content', 'scan MiB/s: min / median / max', '`JSON.parse` MiB/s: min / median / max'], rows))
}

function conversation(turn, bytes) {
  const length = Math.ceil(bytes / JSON.stringify(turn).length)
  return Buffer.from(JSON.stringify({ model: 'm', messages: Array.from({ length }, () => turn) }))
}

function rate(content, work) {
  const begin = performance.now()
  work()
  return content.length / MIB / ((performance.now() - begin) / 1000)
}
