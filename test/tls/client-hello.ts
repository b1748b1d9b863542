import { Duplex } from 'node:stream'
import { type ConnectionOptions, connect as connectTls } from 'node:tls'

const SERVER_NAME = 0
export const ENCRYPTED_CLIENT_HELLO = 0xfe0d

/** The record that a Node client opens a handshake with. */
export function clientHello(options: ConnectionOptions = {}): Promise<Buffer> {
  return new Promise((resolve) => {
    const wire = new Duplex({ read() {}, write: (chunk: Buffer) => resolve(chunk) })
    connectTls({ socket: wire, servername: 'inference.local', ...options })
  })
}

/** A ClientHello whose server_name extension holds `names` in place of its own, each exactly as given. */
export function withServerNames(record: Buffer, ...names: readonly Buffer[]): Buffer {
  const list = Buffer.concat(names.map((name) => Buffer.concat([Buffer.of(0), lengthOf(name, 2), name])))
  return withExtension(record, SERVER_NAME, Buffer.concat([lengthOf(list, 2), list]))
}

/** A ClientHello (RFC 8446 §4.1.2) with one extension put in the place of its like, or added. */
export function withExtension(record: Buffer, type: number, content: Buffer): Buffer {
  // Behind record header, handshake header, version and random come three lists that stay as they are.
  let offset = 5 + 4 + 2 + 32
  offset += 1 + record[offset]! // session id
  offset += 2 + record.readUInt16BE(offset) // cipher suites
  offset += 1 + record[offset]! // compression methods
  const before = record.subarray(5 + 4, offset)

  const extensions: Buffer[] = [Buffer.concat([Buffer.of(type >> 8, type & 0xff), lengthOf(content, 2), content])]
  for (offset += 2; offset < record.length; offset += 4 + record.readUInt16BE(offset + 2)) {
    const extension = record.subarray(offset, offset + 4 + record.readUInt16BE(offset + 2))
    if (extension.readUInt16BE(0) !== type) extensions.unshift(extension)
  }
  // RFC 8446 §4.2.11: a pre-shared key must be last; there is none, because this client resumes nothing.
  const all = Buffer.concat(extensions)
  const hello = Buffer.concat([before, lengthOf(all, 2), all])
  const message = Buffer.concat([Buffer.of(1), lengthOf(hello, 3), hello])
  return Buffer.concat([record.subarray(0, 3), lengthOf(message, 2), message])
}

/** The same handshake message in records of at most `size` bytes (RFC 8446 §5.1). */
export function inRecordsOf(size: number, record: Buffer): Buffer {
  const message = record.subarray(5)
  const records: Buffer[] = []
  for (let offset = 0; offset < message.length; offset += size) {
    const fragment = message.subarray(offset, offset + size)
    records.push(record.subarray(0, 3), lengthOf(fragment, 2), fragment)
  }
  return Buffer.concat(records)
}

function lengthOf(content: Buffer, bytes: number): Buffer {
  const length = Buffer.alloc(bytes)
  length.writeUIntBE(content.length, 0, bytes)
  return length
}
