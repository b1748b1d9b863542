import { expect, test } from 'vitest'
import { NameIndex } from './name-index.js'

function indexOf(names: readonly string[]) {
  const index = new NameIndex<{ readonly name: string }>()
  for (const name of names) index.add({ name })
  return index
}

function walked(index: NameIndex<{ readonly name: string }>, name: string) {
  const found: string[] = []
  index.walk(name, (entry, length) => {
    expect(entry.name).toHaveLength(length)
    found.push(entry.name)
  })
  return found
}

test('walks from the highest domain down to the name', () => {
  const index = indexOf(['a.b.c', 'c', 'b.c', 'z.a.b.c', 'b'])

  expect(walked(index, 'a.b.c')).toEqual(['c', 'b.c', 'a.b.c'])
  expect(walked(index, 'x.a.b.c')).toEqual(['c', 'b.c', 'a.b.c'])
  expect(walked(index, 'ab.c')).toEqual(['c'])
})

test('gets exactly what was added, among many', () => {
  const names = Array.from({ length: 20_000 }, (_, index) => `h${index % 7}.g${index}.example.com`)
  const index = indexOf(names)

  expect(names.every((name) => index.get(name)?.name === name)).toBe(true)
  expect(names.some((name) => index.get(`x${name}`) ?? index.get(name.slice(1)) ?? index.get(`${name}m`))).toBe(false)
})

test('tells names apart whose hashes are the same', () => {
  // FNV-1a over the characters from the end.
  const hashOf = (name: string) =>
    [...name].reduceRight((hash, c) => Math.imul(hash ^ c.charCodeAt(0), 0x01000193), 0x811c9dc5 | 0)
  const seen = new Map<number, string>()
  let same: readonly string[] = []
  for (let number = 0; same.length === 0; number++) {
    const name = `n${number.toString(36)}`
    const other = seen.get(hashOf(name))
    if (other) same = [other, name]
    seen.set(hashOf(name), name)
  }
  const [one, two] = same as [string, string]

  expect(indexOf([one]).get(two)).toBeUndefined()
  expect(indexOf(same).get(two)?.name).toBe(two)
  expect(indexOf(same).get(one)?.name).toBe(one)
})
