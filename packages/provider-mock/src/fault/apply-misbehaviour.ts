import type { Field, StreamEvent } from '../answer/answer.js'
import type { Ending } from '../answer/end-answer.js'
import { type Piece, pieceBytes, type WireAnswer } from '../answer/wire-answer.js'
import type { Misbehaviour } from './misbehaviour.js'

/** Neither JSON nor UTF-8, in the place of an event. */
const GARBAGE = Buffer.concat([Buffer.from('data: {"garbage": '), Buffer.from([0xff, 0xfe, 0x00]), Buffer.from('\n\n')])

/** Pieces that come before the error of a stream that began well. */
const PIECES_BEFORE_ERROR = 3

/** What some faults put into an answer. */
export interface Ingredients {
  /** The dialect's way to say in a stream that it has failed. */
  readonly errorEvent: StreamEvent
  /** The credential received. */
  readonly credential: string
}

/** The answer, spoilt as the fault says. */
export function misbehavedAnswer(
  answer: WireAnswer,
  { halfWay, brokenJson, echoesCredential, fields = [] }: Misbehaviour,
  { errorEvent, credential }: Ingredients,
): WireAnswer {
  const { pieces } = answer
  const reflection: readonly Field[] = echoesCredential ? [['x-echo-credential', credential]] : []
  const changed = { ...answer, fields: [...answer.fields, ...fields, ...reflection] }
  if (brokenJson) {
    return { ...changed, pieces: pieces.flatMap((piece, index) => broken(piece, index >= pieces.length / 2)) }
  }
  const half = pieces.slice(0, Math.ceil(pieces.length / 2))
  switch (halfWay) {
    case undefined:
      return changed
    case 'garbage':
      return { ...changed, pieces: [...half, GARBAGE, ...pieces.slice(half.length)] }
    case 'error_event':
      return { ...changed, framing: 'chunked', pieces: [...pieces.slice(0, PIECES_BEFORE_ERROR), errorEvent] }
    case 'end':
      // Chunked, so that half of a JSON object looks as complete as half of a stream does.
      return { ...changed, framing: 'chunked', pieces: half }
    default:
      return { ...changed, pieces: half }
  }
}

/** What follows the last piece. */
export function ending({ halfWay }: Misbehaviour): Ending {
  return halfWay === 'reset' || halfWay === 'hang' || halfWay === 'end_mid_chunk' ? halfWay : 'end'
}

function broken(piece: Piece, late: boolean): readonly Piece[] {
  if (Buffer.isBuffer(piece)) {
    return late ? [] : [piece]
  }
  return [
    Buffer.from(
      pieceBytes(piece)
        .toString()
        .replace(/.\n\n$/s, '\n\n'),
    ),
  ]
}
