import { lastEventEnd } from './event-boundary.js'

/** An event longer than this is passed on in pieces rather than held. */
const MAX_HELD_BYTES = 1024 * 1024
/** CR LF CR LF less its last byte: how much of an event's end may lie in the chunk before. */
const OVERLAP_BYTES = 3

/**
 * Passes an event stream on in whole events, byte for byte.
 *
 * A client can do nothing with half an event, so holding it back costs nothing; and should the upstream fail inside
 * one, the error event we add is not glued to half of something else.
 */
export class EventStream {
  #held: Buffer[] = []
  #heldBytes = 0
  #insideEvent = false

  /** Whether the client has been sent the beginning of an event and not its end. */
  get insideEvent(): boolean {
    return this.#insideEvent
  }

  /** @returns What may go to the client now; empty where no event is whole yet. */
  push(chunk: Buffer): readonly Buffer[] {
    const overlap = this.#held.at(-1)?.subarray(-OVERLAP_BYTES)
    const end = overlap ? lastEventEnd(Buffer.concat([overlap, chunk])) - overlap.length : lastEventEnd(chunk)
    if (end > 0) {
      const whole = [...this.flush(), chunk.subarray(0, end)]
      this.#insideEvent = false
      this.#hold(chunk.subarray(end))
      return whole
    }
    this.#hold(chunk)
    return this.#heldBytes > MAX_HELD_BYTES ? this.flush() : []
  }

  /** @returns What is held: the beginning of an event. */
  flush(): readonly Buffer[] {
    const held = this.#held
    this.#insideEvent ||= held.length > 0
    this.#held = []
    this.#heldBytes = 0
    return held
  }

  #hold(piece: Buffer): void {
    if (piece.length > 0) {
      this.#held.push(piece)
      this.#heldBytes += piece.length
    }
  }
}
