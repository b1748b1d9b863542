import { UserError } from '../user-error.js'
import type { ListenAddress } from './listen-address.js'
import { type PortHolder, portHolder } from './port-holder.js'
import type { SessionRecord } from './session-file.js'

const FREE_PORT = 'Or pick a free port: --listen 127.0.0.1:0'

/**
 * Says who has the port, as far as that can be told, and what to do about it.
 *
 * @param running - This user's proxies: one of them can be used instead.
 */
export function portTaken(address: ListenAddress, running: readonly SessionRecord[], cause: Error): UserError {
  const { host, port } = address
  const holder = portHolder(address)
  const ours = running.find(({ pid }) => holder !== undefined && 'pid' in holder && holder.pid === pid)
  return new UserError('ERR_PORT_TAKEN', `port ${port} on ${host} is taken${by(holder, ours)}`, {
    suggestions: [...nextSteps(port, holder, ours), FREE_PORT],
    cause,
  })
}

function by(holder: PortHolder | undefined, ours: SessionRecord | undefined): string {
  if (ours) return ` by your nemoclaw proxy (pid ${ours.pid})`
  if (!holder) return ''
  return 'pid' in holder ? ` by ${holder.program} (pid ${holder.pid})` : ` by a process of user ${holder.uid}`
}

function nextSteps(port: number, holder: PortHolder | undefined, ours: SessionRecord | undefined): readonly string[] {
  if (ours) return ['Use it: eval "$(nemoclaw env)"', `Or end it first: kill ${ours.pid}`]
  if (holder && 'pid' in holder) return [`Look at it: ps -fp ${holder.pid}`]
  return [`See who has it: sudo ss -ltnp 'sport = :${port}'`]
}
