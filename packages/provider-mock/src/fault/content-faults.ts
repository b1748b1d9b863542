import type { Fault } from './fault.js'

const MEBIBYTE = 1024 * 1024

/** Faults of the response's fields and content. */
export const CONTENT_FAULTS: readonly Fault[] = [
  {
    name: 'garbage-event',
    summary: 'In the middle, something that is neither JSON nor UTF-8.',
    misbehave: () => ({ halfWay: 'garbage' }),
  },
  {
    name: 'early-error-event',
    summary: "A stream that begins well, then the dialect's error event and a clean end. 500 where nothing streams.",
    misbehave: () => ({ halfWay: 'error_event' }),
  },
  {
    name: 'bad-json',
    summary: '200 and well framed, but the JSON, or that of each event, breaks off.',
    misbehave: () => ({ brokenJson: true }),
  },
  {
    name: 'huge',
    summary: 'A very long text.',
    parameter: { unit: 'bytes', default: 8 * MEBIBYTE, max: 256 * MEBIBYTE },
    misbehave: (replyBytes) => ({ replyBytes }),
  },
  {
    name: 'huge-head',
    summary: 'A very long response field.',
    parameter: { unit: 'bytes', default: 65_536, max: MEBIBYTE },
    misbehave: (bytes) => ({ fields: [['x-padding', 'x'.repeat(bytes)]] }),
  },
  {
    name: 'gzip',
    summary: 'Content-Encoding gzip, where the client accepts it.',
    misbehave: () => ({ compresses: true }),
  },
  {
    name: 'trailers',
    summary: 'Trailer fields behind the content.',
    misbehave: () => ({ trailers: [['x-mock-trailer', 'end']] }),
  },
  { name: 'early-hints', summary: '103 before the final response.', misbehave: () => ({ earlyHints: true }) },
  {
    name: 'echo-credential',
    summary: 'The received credential in a response field, in the text, and in the trailers if there are any.',
    misbehave: () => ({ echoesCredential: true }),
  },
  {
    name: 'set-cookie',
    summary: 'Set-Cookie, Alt-Svc and Strict-Transport-Security beside a good answer.',
    misbehave: () => ({
      fields: [
        ['set-cookie', 'session=mock; Path=/; HttpOnly'],
        ['set-cookie', '__cf_bm=mock; Domain=.example; Secure'],
        ['alt-svc', 'h3=":443"; ma=86400'],
        ['strict-transport-security', 'max-age=31536000; includeSubDomains; preload'],
      ],
    }),
  },
]
