import { type FieldList, fieldValues } from '../http/field-list.js'

/** What can be read of a response's content as it passes: server-sent events, JSON, or nothing. */
export type ReadableForm = 'events' | 'json' | 'other'

/** @returns `other` for compressed content too: it is relayed as it is. */
export function contentForm(fields: FieldList): ReadableForm {
  const [type = ''] = fieldValues(fields, 'content-type')
  const coding = fieldValues(fields, 'content-encoding').join(', ').toLowerCase()
  if (coding !== '' && coding !== 'identity') {
    return 'other'
  }
  if (/^text\/event-stream\s*(?:;|$)/i.test(type)) {
    return 'events'
  }
  return /^application\/json\s*(?:;|$)/i.test(type) ? 'json' : 'other'
}
