import { PassThrough } from 'node:stream'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { withSpinner } from './with-spinner.js'

function stream(isTTY: boolean) {
  const written: string[] = []
  const output = Object.assign(new PassThrough(), { isTTY }) as unknown as NodeJS.WriteStream
  output.on('data', (chunk: Buffer) => written.push(chunk.toString()))
  return { output, text: () => written.join('') }
}

test('shows nothing where nobody looks', async () => {
  const { output, text } = stream(false)

  await withSpinner('working', output, () => pause(300))

  expect(text()).toBe('')
})

test('shows what is going on at a terminal, and clears it away', async () => {
  const { output, text } = stream(true)

  await withSpinner('working', output, () => pause(400))

  expect(text()).toContain('working')
  expect(text().endsWith('\r\u001b[K')).toBe(true)
})

test('clears it away when the work fails', async () => {
  const { output, text } = stream(true)

  const work = withSpinner('working', output, async () => {
    await pause(400)
    throw new Error('no')
  })

  await expect(work).rejects.toThrow('no')
  expect(text().endsWith('\r\u001b[K')).toBe(true)
})

test('shows nothing for work that is done at once', async () => {
  const { output, text } = stream(true)

  await withSpinner('working', output, () => pause(5))

  expect(text()).toBe('')
})
