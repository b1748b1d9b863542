import { fileURLToPath } from 'node:url'
import type { ClientBed } from './client-bed.js'
import { DUMMY_KEY } from './dummy-key.js'
import { type NodeWay, USUAL_NODE_WAY } from './node-way.js'
import { runClient } from './run-client.js'

/**
 * Runs one scenario of a program in `programs/` on this Node, with nothing but the proxy and our root to know of us.
 *
 * @returns What the scenario returned.
 * @throws What the program printed, where it failed.
 */
export async function runNodeClient<Result>(
  { folder, proxy, rootPath }: ClientBed,
  program: string,
  scenario: string,
  way: NodeWay = USUAL_NODE_WAY,
): Promise<Result> {
  const path = fileURLToPath(new URL(`programs/${program}`, import.meta.url))
  const { exitCode, output, errorOutput } = await runClient(
    process.execPath,
    [...way.parameters, path, scenario, DUMMY_KEY],
    { folder, environment: { HTTPS_PROXY: proxy.url, NODE_EXTRA_CA_CERTS: rootPath, ...way.environment } },
  )
  if (exitCode !== 0) {
    throw new Error(`${program} ${scenario} ended with ${exitCode}: ${errorOutput}${output}`)
  }
  return JSON.parse(output.toString()) as Result
}
