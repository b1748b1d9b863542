import { gzipSync } from 'node:zlib'
import type { Field, StreamEvent } from '../answer/answer.js'
import { type Piece, pieceBytes, split, type WireAnswer } from '../answer/wire-answer.js'
import type { Misbehaviour } from './misbehaviour.js'

/** Neither JSON nor UTF-8. */
const GARBAGE = Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x00])

/** Pieces that come before the error of a stream that began well. */
const PIECES_BEFORE_ERROR = 3

/** What some faults put into an answer. */
export interface Ingredients {
  /** The dialect's way to say in a stream that it has failed. */
  readonly errorEvent: StreamEvent
  /** The credential received. */
  readonly credential: string
  readonly acceptsGzip: boolean
}

/** The answer, its fields and content spoilt as the fault says. How it ends is another matter. */
export function spoilAnswer(answer: WireAnswer, misbehaviour: Misbehaviour, ingredients: Ingredients): WireAnswer {
  const { echoesCredential, fields = [], trailers = [], compresses, brokenJson } = misbehaviour
  const reflection: readonly Field[] = echoesCredential ? [['x-echo-credential', ingredients.credential]] : []
  const dressed: WireAnswer = {
    ...answer,
    fields: [...answer.fields, ...fields, ...reflection],
    ...(trailers.length > 0 && { trailers: [...trailers, ...reflection], contentLength: undefined }),
  }
  const whole = compresses && ingredients.acceptsGzip ? compressed(dressed) : dressed
  return brokenJson ? broken(whole) : interrupted(whole, misbehaviour, ingredients.errorEvent)
}

function interrupted(answer: WireAnswer, { halfWay }: Misbehaviour, errorEvent: StreamEvent): WireAnswer {
  const { pieces } = answer
  const half = pieces.slice(0, Math.ceil(pieces.length / 2))
  switch (halfWay) {
    case undefined:
      return answer
    case 'garbage':
      return {
        ...answer,
        contentLength: undefined,
        pieces: [...half, garbage(half.at(-1)), ...pieces.slice(half.length)],
      }
    case 'error_event':
      return { ...answer, pieces: [...pieces.slice(0, PIECES_BEFORE_ERROR), errorEvent] }
    case 'end':
      // Chunked, so that half of a JSON object looks as complete as half of a stream does.
      return { ...answer, contentLength: undefined, pieces: half }
    default:
      // The announced length stays: it is what makes the content incomplete.
      return { ...answer, pieces: half }
  }
}

/** An event like the one before it, but for its data. */
function garbage(before: Piece | undefined): Buffer {
  if (before === undefined || Buffer.isBuffer(before)) {
    return GARBAGE
  }
  const name = before.event === undefined ? '' : `event: ${before.event}\n`
  return Buffer.concat([Buffer.from(`${name}data: `), GARBAGE, Buffer.from('\n\n')])
}

function broken(answer: WireAnswer): WireAnswer {
  const { pieces } = answer
  return {
    ...answer,
    contentLength: undefined,
    pieces:
      answer.contentLength === undefined ? pieces.map(brokenEvent) : pieces.slice(0, Math.ceil(pieces.length / 2)),
  }
}

function brokenEvent(piece: Piece): Piece {
  // Loses the last character of the data, a closing brace.
  return Buffer.from(
    pieceBytes(piece)
      .toString()
      .replace(/.\n\n$/s, '\n\n'),
  )
}

function compressed(answer: WireAnswer): WireAnswer {
  return {
    ...answer,
    fields: [...answer.fields, ['content-encoding', 'gzip'], ['vary', 'accept-encoding']],
    contentLength: undefined,
    pieces: split(gzipSync(Buffer.concat(answer.pieces.map(pieceBytes)))),
  }
}
