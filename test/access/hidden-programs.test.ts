import { realpathSync } from 'node:fs'
import { chmod, copyFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { CallingPrograms } from '../../packages/proxy-core/src/access/calling-program.js'
import { IS_ROOT, ORDINARY_UID, startClient, startListener, testFolder } from './identifying-listener.js'

const BASH = realpathSync('/bin/bash')
const PYTHON = realpathSync('/usr/bin/python3')
const SLEEP = realpathSync('/usr/bin/sleep')

const executables = (programs: CallingPrograms | null) => programs?.processes.map(([own]) => own).sort()
const startPython = (uid: number, port: number, code: string) =>
  startClient(uid, PYTHON, [
    '-c',
    `import ctypes, os, socket, sys, threading, time\nhide = lambda: ctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\n` +
      `s = socket.create_connection(("127.0.0.1", int(sys.argv[1])))\n${code}s.sendall(b"ready")\ntime.sleep(60)\n`,
    String(port),
  ])
/** Waits in a child that does what is given, until it has done it. */
const inChild = (code: string) =>
  `r, w = os.pipe()\nif os.fork() == 0:\n    ${code}\n    os.write(w, b".")\n    time.sleep(60)\nos.read(r, 1)\n`

test('an ordinary user is told nobody if the only holder hides from its user', async () => {
  await using listener = await startListener(ORDINARY_UID)
  await using _client = startPython(ORDINARY_UID, listener.port, 'hide()\n')

  expect(await listener.next()).toBeNull()
})

test.each([
  [
    'a descendant of the holder that it does not know',
    inChild('hide(); os.setsid(); s.close(); ctypes.CDLL(None).prctl(1, 9)'),
  ],
  ['a parent that started the holder', inChild('hide()').replace('if os.fork() == 0', 'if os.fork() != 0')],
  ['a sibling in its session', `${inChild('hide()')}if os.fork() > 0: os._exit(0)\n`],
])('an ordinary user is told nobody if %s hides from its user', async (_, code) => {
  await using listener = await startListener(ORDINARY_UID)
  await using _client = startPython(ORDINARY_UID, listener.port, code)

  expect(await listener.next()).toBeNull()
})

test('a process that hides elsewhere, as an agent for keys does, changes nothing', async () => {
  await using _agent = startClient(ORDINARY_UID, PYTHON, [
    '-c',
    'import ctypes, time\nctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\nprint("hidden", flush=True)\ntime.sleep(60)',
  ])
  await _agent.line()
  await using listener = await startListener(ORDINARY_UID)
  await using _client = startPython(ORDINARY_UID, listener.port, '')

  expect(executables(await listener.next())).toEqual([PYTHON])
})

test('a child that has ended and was not waited for changes nothing', async () => {
  await using listener = await startListener(ORDINARY_UID)
  await using _client = startPython(
    ORDINARY_UID,
    listener.port,
    'if os.fork() == 0: os._exit(0)\nos.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)\n',
  )

  expect(executables(await listener.next())).toEqual([PYTHON])
})

test.each([...(IS_ROOT ? [['root', 0] as const] : []), ['an ordinary user', ORDINARY_UID] as const])(
  'a process whose main thread has ended counts for %s, and its program cannot be told',
  async (_, uid) => {
    await using listener = await startListener(uid)
    const code = `
os.set_inheritable(s.fileno(), True)
if os.fork() == 0:
    os.execv("${SLEEP}", ["sleep", "60"])
def speak():
    time.sleep(0.3)
    s.sendall(b"ready")
    time.sleep(60)
threading.Thread(target=speak).start()
ctypes.CDLL(None).pthread_exit(None)
`
    await using _client = startPython(uid, listener.port, code)

    expect(await listener.next()).toBeNull()
  },
)

const ROOT_ONLY = IS_ROOT ? '' : ' (NOT RUN: not root)'

test.skipIf(!IS_ROOT)(`an ordinary user is told nothing of another user's programs${ROOT_ONLY}`, async () => {
  await using listener = await startListener(ORDINARY_UID)
  await using _client = startPython(0, listener.port, '')

  expect(await listener.next()).toBeNull()
})

test.skipIf(!IS_ROOT)(`root is told of every user's programs, of those that hide too${ROOT_ONLY}`, async () => {
  await using listener = await startListener(0)
  await using _client = startPython(ORDINARY_UID, listener.port, inChild('hide()'))

  expect(executables(await listener.next())).toEqual([PYTHON, PYTHON])
})

test.skipIf(!IS_ROOT)(`a file mounted over a program is not taken for the program${ROOT_ONLY}`, async () => {
  await using folder = await testFolder()
  const impostor = join(folder.path, 'impostor')
  await copyFile(BASH, impostor)
  await chmod(impostor, 0o755)
  await using listener = await startListener(0)
  const speak = `exec 3<>/dev/tcp/127.0.0.1/${listener.port}; echo ready >&3; read -u 3`
  await using _impostor = startClient(0, '/usr/bin/unshare', [
    '--mount',
    BASH,
    '-c',
    `mount --bind ${impostor} ${SLEEP} && exec ${SLEEP} -c '${speak}'`,
  ])
  expect(await listener.next()).toBeNull()
  await using _honest = startClient(0, '/usr/bin/unshare', ['--mount', BASH, '-c', speak])

  expect(executables(await listener.next())).toEqual([BASH])
})
