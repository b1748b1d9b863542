import type { ProxyEvent } from '@nemoclaw/proxy-core'
import { expect, test } from 'vitest'
import { tellAll } from './tell-all.js'

const EVENT: ProxyEvent = { kind: 'egress', id: '7', method: 'CONNECT', target: 'a.example:443', action: 'deny' }

test('a listener that throws keeps nobody from hearing, and is told of as a fault', () => {
  const heard: ProxyEvent[] = []
  const error = new Error('no descriptors are left')
  const failing = () => {
    throw error
  }

  tellAll([failing, (event) => heard.push(event)], EVENT)

  expect(heard).toEqual([EVENT, { kind: 'fault', id: '7', error }])
})

test('where everybody throws nothing is thrown, for faults neither', () => {
  const failing = () => {
    throw 'no error at all'
  }

  expect(() => tellAll([failing, failing], EVENT)).not.toThrow()
  expect(() => tellAll([failing], { kind: 'fault', id: '7', error: new Error('a fault') })).not.toThrow()
})
