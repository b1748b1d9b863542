import { type Answer, bytesAnswer, eventsAnswer } from '../answer/answer.js'
import { tokenCount } from '../reply/token-count.js'
import type { MockExchange } from './exchange.js'

const MEDIA_TYPES: Readonly<Record<string, string>> = {
  mp3: 'audio/mpeg',
  opus: 'audio/opus',
  aac: 'audio/aac',
  flac: 'audio/flac',
  wav: 'audio/wav',
  pcm: 'audio/pcm',
}

const SAMPLE_RATE_HZ = 24_000
const AUDIO_PIECE_BYTES = 4_096

/** POST /v1/audio/speech: a tone, a tenth of a second for each word; as bytes, or as events with `stream_format: sse`. */
export function openaiSpeech({ body }: MockExchange): Answer {
  const { input, response_format: format = 'mp3', stream_format: streamFormat } = body as Record<string, unknown>
  const text = typeof input === 'string' ? input : ''
  const samples = tone(Math.min(100, text.split(/\s+/).length) / 10)
  const audio = format === 'wav' ? Buffer.concat([wavHead(samples.length), samples]) : samples
  if (streamFormat !== 'sse') {
    return bytesAnswer(MEDIA_TYPES[String(format)] ?? 'application/octet-stream', audio)
  }
  const usage = { input_tokens: tokenCount(text), output_tokens: tokenCount(text), total_tokens: 2 * tokenCount(text) }
  return eventsAnswer([
    ...Array.from({ length: Math.ceil(audio.length / AUDIO_PIECE_BYTES) }, (_, index) => ({
      data: {
        type: 'speech.audio.delta',
        audio: audio.subarray(index * AUDIO_PIECE_BYTES, (index + 1) * AUDIO_PIECE_BYTES).toString('base64'),
      },
    })),
    { data: { type: 'speech.audio.done', usage } },
  ])
}

/** 440 Hz as 16-bit little-endian mono samples. Compressed formats get the same bytes: only players look inside. */
function tone(seconds: number): Buffer {
  const samples = Buffer.alloc(Math.round(seconds * SAMPLE_RATE_HZ) * 2)
  for (let index = 0; index < samples.length / 2; index++) {
    samples.writeInt16LE(Math.round(8_000 * Math.sin((2 * Math.PI * 440 * index) / SAMPLE_RATE_HZ)), index * 2)
  }
  return samples
}

function wavHead(dataBytes: number): Buffer {
  const head = Buffer.alloc(44)
  head.write('RIFF', 0)
  head.writeUInt32LE(36 + dataBytes, 4)
  head.write('WAVEfmt ', 8)
  head.writeUInt32LE(16, 16)
  head.writeUInt16LE(1, 20)
  head.writeUInt16LE(1, 22)
  head.writeUInt32LE(SAMPLE_RATE_HZ, 24)
  head.writeUInt32LE(SAMPLE_RATE_HZ * 2, 28)
  head.writeUInt16LE(2, 32)
  head.writeUInt16LE(16, 34)
  head.write('data', 36)
  head.writeUInt32LE(dataBytes, 40)
  return head
}
