import { readlinkSync, realpathSync } from 'node:fs'
import { chmod, copyFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { CallingPrograms } from '../../packages/proxy-core/src/access/calling-program.js'
import { IS_ROOT, ORDINARY_UID, startClient, startListener, testFolder } from './identifying-listener.js'

const BASH = realpathSync('/bin/bash')
const CURL = realpathSync('/usr/bin/curl')
const PYTHON = realpathSync('/usr/bin/python3')
const SLEEP = realpathSync('/usr/bin/sleep')

const CONNECT = 'import os, socket, sys, time\ns = socket.create_connection(("127.0.0.1", int(sys.argv[1])))\n'
const READY = 's.sendall(b"ready")\ntime.sleep(60)\n'
const python = (uid: number, port: number, code: string) =>
  startClient(uid, PYTHON, ['-c', `${CONNECT}${code}`, String(port)])

const SHARE_WITH_SLEEP = `
os.set_inheritable(s.fileno(), True)
child = os.fork()
if child == 0:
    os.execv("${SLEEP}", ["sleep", "60"])
while os.readlink(f"/proc/{child}/exe") != "${SLEEP}":
    time.sleep(0.01)
`

const BASH_CONNECT = 'exec 3<>/dev/tcp/127.0.0.1/$1'
const executables = (programs: CallingPrograms | null) => programs?.processes.map(([own]) => own).sort()

describe.each([...(IS_ROOT ? [{ user: 'root', uid: 0 }] : []), { user: 'an ordinary user', uid: ORDINARY_UID }])(
  'as $user',
  ({ uid }) => {
    test.each([
      ['curl', CURL, (port: number) => ['-s', `http://127.0.0.1:${port}/`]],
      ['python', PYTHON, (port: number) => ['-c', `${CONNECT}${READY}`, String(port)]],
      ['bash', BASH, (port: number) => ['-c', `${BASH_CONNECT}; echo ready >&3; read -u 3`, 'bash', String(port)]],
    ])('%s is known by the path of its program', async (_, program, args) => {
      await using listener = await startListener(uid)
      await using _client = startClient(uid, program, args(listener.port))

      expect(executables(await listener.next())).toEqual([program])
    })

    test('the programs that started it are named, the nearest first', async () => {
      await using listener = await startListener(uid)
      const shell = `bash -c 'curl -s http://127.0.0.1:${listener.port}/; :' ; :`
      await using _client = startClient(uid, PYTHON, ['-c', 'import os, sys; os.system(sys.argv[1])', shell])

      const programs = await listener.next()

      const sh = realpathSync('/bin/sh')
      expect(programs?.processes.map((process) => process.slice(0, 4))).toEqual([[CURL, BASH, sh, PYTHON]])
    })

    test('an ancestor may have brackets, spaces and line breaks in its name', async () => {
      await using folder = await testFolder()
      const odd = join(folder.path, 'a) S 1 (b\n) R 1')
      await copyFile(BASH, odd)
      await chmod(odd, 0o755)
      await using listener = await startListener(uid)
      await using _client = startClient(uid, BASH, [
        '-c',
        `"$1" -c 'curl -s http://127.0.0.1:${listener.port}/; :'; :`,
        'bash',
        odd,
      ])

      const programs = await listener.next()

      expect(programs?.processes.map((process) => process.slice(0, 3))).toEqual([[CURL, odd, BASH]])
    })

    test('every process that holds the connection is named, whoever made it', async () => {
      await using listener = await startListener(uid)
      await using _client = python(uid, listener.port, `${SHARE_WITH_SLEEP}${READY}`)

      const programs = await listener.next()

      expect(executables(programs)).toEqual([PYTHON, SLEEP].sort())
      expect(programs?.processes.find(([own]) => own === SLEEP)?.[1]).toBe(PYTHON)
    })

    test('a process that has run another program since is known by that', async () => {
      await using listener = await startListener(uid)
      await using client = startClient(uid, BASH, [
        '-c',
        `${BASH_CONNECT}; echo ready >&3; exec sleep 60`,
        'bash',
        String(listener.port),
      ])
      await listener.next()
      await expect.poll(() => readlinkSync(`/proc/${client.pid}/exe`)).toBe(SLEEP)

      expect(executables(await listener.again())).toEqual([SLEEP])
    })

    test('nobody is behind a connection that was closed, or whose process was killed', async () => {
      await using listener = await startListener(uid)
      {
        await using _killed = python(uid, listener.port, READY)
        expect(executables(await listener.next())).toEqual([PYTHON])
      }
      expect(await listener.again()).toBeNull()

      await using closing = python(
        uid,
        listener.port,
        's.sendall(b"ready")\ns.close()\nprint("closed", flush=True)\ntime.sleep(60)\n',
      )
      await listener.next()
      await closing.line()
      expect(await listener.again()).toBeNull()
    })

    test.each([
      ['IPv6', '::1', '::1'],
      ['IPv4 on a listener of both', '::', '127.0.0.1'],
      ['IPv4 written in IPv6 by the client', '127.0.0.1', '::ffff:127.0.0.1'],
      ['IPv4 written in IPv6 by both', '::', '::ffff:127.0.0.1'],
    ])('a client is known over %s', async (_, host, address) => {
      await using listener = await startListener(uid, { host })
      const family = address.includes(':') ? 'AF_INET6' : 'AF_INET'
      await using _client = startClient(uid, PYTHON, [
        '-c',
        `import socket, time\ns = socket.socket(socket.${family})\ns.connect(("${address}", ${listener.port}))\n${READY}`,
      ])

      expect(executables(await listener.next())).toEqual([PYTHON])
    })

    test('a connection from the same port to another listener is not taken for it', async () => {
      await using one = await startListener(uid)
      await using other = await startListener(uid)
      const bound = (port: number, to: number) =>
        `import socket, time\ns = socket.socket()\ns.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n` +
        `s.bind(("127.0.0.1", ${port}))\nprint(s.getsockname()[1], flush=True)\ns.connect(("127.0.0.1", ${to}))\n`
      await using first = startClient(uid, PYTHON, ['-c', `${bound(0, one.port)}${READY}`])
      const port = Number(await first.line())
      expect(executables(await one.next())).toEqual([PYTHON])
      await using _second = startClient(uid, PYTHON, [
        '-c',
        `import os\n${bound(port, other.port)}os.set_inheritable(s.fileno(), True)\ns.sendall(b"ready")\nos.execv("${SLEEP}", ["sleep", "60"])`,
      ])
      await other.next()
      await expect.poll(async () => executables(await other.again())).toEqual([SLEEP])

      expect(executables(await one.again())).toEqual([PYTHON])
    })

    test('a program whose file is deleted is nobody, an ancestor is left out', async () => {
      await using folder = await testFolder()
      const copies = [join(folder.path, 'holder'), join(folder.path, 'ancestor')] as const
      for (const copy of copies) {
        await copyFile(BASH, copy)
        await chmod(copy, 0o755)
      }
      await using listener = await startListener(uid)
      await using _holder = startClient(uid, copies[0], [
        '-c',
        `${BASH_CONNECT}; echo ready >&3; read -u 3`,
        'bash',
        String(listener.port),
      ])
      expect(executables(await listener.next())).toEqual([copies[0]])
      await using _child = startClient(uid, BASH, [
        '-c',
        `"$1" -c 'sleep 1; curl -s http://127.0.0.1:${listener.port}/; :'; :`,
        'bash',
        copies[1],
      ])
      await rm(copies[0])
      expect(await listener.again()).toBeNull()
      await new Promise((resolve) => setTimeout(resolve, 300))
      await rm(copies[1])

      expect((await listener.next())?.processes.map((process) => process.slice(0, 2))).toEqual([[CURL, BASH]])
    })
  },
)
