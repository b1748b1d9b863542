/** What a profile may be made of; objects become maps, so that no name is special. */
export type PlainData = string | number | boolean | null | readonly PlainData[] | PlainRecord

export interface PlainRecord extends ReadonlyMap<string, PlainData> {}

export type PlainDataResult = { readonly data: PlainData } | { readonly violation: string }

const WHOLE = 'The profile'
const MAX_NODES = 1_000
const MAX_PLACE_LENGTH = 100
const MAX_TEXT_LENGTH = 4_096

/**
 * Copies a value that someone else made, without calling its getters.
 *
 * Checks must look at this copy: a getter, a proxy or a second reference could show them one thing and the proxy
 * another. Members whose value is `undefined` count as absent.
 *
 * @returns the copy, or the first reason why it is more than plain data. Never throws.
 */
export function plainData(value: unknown): PlainDataResult {
  try {
    return copy(value, WHOLE, { nodes: 0 })
  } catch {
    // A proxy's trap can throw anything, an object that throws when asked what it is included: the error stays unread.
    return { violation: 'The profile cannot be read without running code; only plain objects and arrays are accepted' }
  }
}

function copy(value: unknown, place: string, budget: { nodes: number }): PlainDataResult {
  if (++budget.nodes > MAX_NODES) {
    return { violation: `The profile is too large; at most ${MAX_NODES} values are accepted in all` }
  }
  switch (typeof value) {
    case 'string':
      return value.length <= MAX_TEXT_LENGTH
        ? { data: value }
        : { violation: `${place} is ${value.length} characters long; at most ${MAX_TEXT_LENGTH} are accepted` }
    case 'number':
    case 'boolean':
      return { data: value }
    case 'object':
      if (value === null) {
        return { data: null }
      }
      return Array.isArray(value) ? copyList(value, place, budget) : copyRecord(value, place, budget)
    default:
      return {
        violation: `${place} has the type ${typeof value}; only strings, booleans, plain objects and arrays are accepted`,
      }
  }
}

function copyList(list: readonly unknown[], place: string, budget: { nodes: number }): PlainDataResult {
  if (
    Object.getPrototypeOf(list) !== Array.prototype ||
    list.length > MAX_NODES ||
    Reflect.ownKeys(list).length !== list.length + 1
  ) {
    return {
      violation: `${place} is of a subclass, has holes, named members or more than ${MAX_NODES} values; a plain array is accepted`,
    }
  }
  const items: PlainData[] = []
  for (let index = 0; index < list.length; index++) {
    const result = copyMember(list, String(index), `${place}[${index}]`, budget)
    if ('violation' in result) {
      return result
    }
    items.push(result.data)
  }
  return { data: items }
}

function copyRecord(record: object, place: string, budget: { nodes: number }): PlainDataResult {
  const prototype: unknown = Object.getPrototypeOf(record)
  // A prototype of another's making could lend members that this copy does not see and a reader of the original does.
  if (prototype !== null && prototype !== Object.prototype) {
    return { violation: `${place} is an instance of a class; a plain object is accepted` }
  }
  const members = new Map<string, PlainData>()
  for (const key of Reflect.ownKeys(record)) {
    if (typeof key === 'symbol') {
      return { violation: `${place} has a member named by a symbol; names are accepted` }
    }
    const name = printableName(key)
    const descriptor = Object.getOwnPropertyDescriptor(record, key)
    if (descriptor && 'value' in descriptor && descriptor.value === undefined) {
      continue
    }
    const result = copyMember(record, key, memberPlace(place, name), budget)
    if ('violation' in result) {
      return result
    }
    members.set(key, result.data)
  }
  return { data: members }
}

function memberPlace(place: string, name: string): string {
  if (place === WHOLE) {
    return name
  }
  // A chain of a thousand objects may not make a message of a thousand names.
  return place.length > MAX_PLACE_LENGTH ? place : `${place}.${name}`
}

function copyMember(owner: object, key: string, place: string, budget: { nodes: number }): PlainDataResult {
  const descriptor = Object.getOwnPropertyDescriptor(owner, key)
  return descriptor && 'value' in descriptor
    ? copy(descriptor.value, place, budget)
    : { violation: `${place} is a getter or a hole; only plain values are accepted` }
}

/** The texts in a list; none where it is no list. */
export function textsIn(value: PlainData | undefined): readonly string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** A member of what may be no object. */
export function memberOf(value: PlainData | undefined, name: string): PlainData | undefined {
  return value instanceof Map ? (value as PlainRecord).get(name) : undefined
}

/** A member's name as it may appear in a message: short, and with nothing that moves a terminal's cursor. */
export function printableName(name: string): string {
  return /^[\w$-]{1,64}$/.test(name) ? name : JSON.stringify(name.slice(0, 40)).replace(/[^\x20-\x7e]/g, '?')
}
