import { readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { UserError } from '../user-error.js'
import type { ListenAddress } from './listen-address.js'

/** Says who has the port, where the platform tells (Linux, and only of processes of this user). */
export function portTaken({ host, port }: ListenAddress, cause: Error): UserError {
  const holder = process.platform === 'linux' ? portHolder(port) : undefined
  return new UserError(
    'ERR_PORT_TAKEN',
    `port ${port} on ${host} is taken${holder ? ` by ${holder.command} (pid ${holder.pid})` : ''}`,
    {
      suggestions: [
        holder ? `Look at it: ps -fp ${holder.pid}` : `See who has it: ss -ltnp 'sport = :${port}'`,
        'Or pick a free port: --listen 127.0.0.1:0',
      ],
      cause,
    },
  )
}

/** Follows the listening socket's inode from /proc/net/tcp to the process that has it open (proc(5)). */
function portHolder(port: number): { readonly pid: string; readonly command: string } | undefined {
  try {
    const inode = listeningInode(port)
    if (inode === undefined) return undefined
    for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
      if (hasSocket(pid, inode)) {
        return { pid, command: readFileSync(`/proc/${pid}/comm`, 'utf8').trim() }
      }
    }
  } catch {
    // A hint that cannot be had is left out.
  }
  return undefined
}

function listeningInode(port: number): string | undefined {
  const suffix = `:${port.toString(16).toUpperCase().padStart(4, '0')}`
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    for (const line of readFileSync(table, 'latin1').split('\n')) {
      const columns = line.trim().split(/ +/)
      if (columns[1]?.endsWith(suffix) && columns[3] === '0A') return columns[9]
    }
  }
  return undefined
}

function hasSocket(pid: string, inode: string): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => readlinkSync(`/proc/${pid}/fd/${fd}`) === `socket:[${inode}]`)
  } catch {
    return false // Another user's process, or one that has just ended.
  }
}
