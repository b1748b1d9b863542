import { type Answer, bytesAnswer, eventsAnswer, jsonAnswer } from '../answer/answer.js'
import { tokenCount } from '../reply/token-count.js'
import type { MockExchange } from './exchange.js'

/** Seconds of the recording, as far as anyone here knows. */
const DURATION_SECONDS = 1.5

/** POST /v1/audio/transcriptions and /v1/audio/translations: names the file and its size, in the wanted format. */
export function openaiTranscription(task: 'transcribe' | 'translate'): (exchange: MockExchange) => Answer {
  return ({ body, received, model }) => {
    const file = received.parts?.find(({ name }) => name === 'file')
    const text = `You sent "${file?.filename ?? 'no file'}", ${file?.content.length ?? 0} bytes. I am the mock provider, and this is model ${model}.`
    if (body['stream'] === 'true' && task === 'transcribe') {
      return transcriptEvents(text)
    }
    switch (body['response_format']) {
      case 'text':
        return bytesAnswer('text/plain; charset=utf-8', Buffer.from(`${text}\n`))
      case 'srt':
        return bytesAnswer('text/plain; charset=utf-8', Buffer.from(`1\n00:00:00,000 --> 00:00:01,500\n${text}\n\n`))
      case 'vtt':
        return bytesAnswer(
          'text/vtt; charset=utf-8',
          Buffer.from(`WEBVTT\n\n00:00:00.000 --> 00:00:01.500\n${text}\n\n`),
        )
      case 'verbose_json':
        return jsonAnswer(verbose(text, task))
      default:
        return jsonAnswer(task === 'transcribe' ? { text, usage: usage(text) } : { text })
    }
  }
}

function transcriptEvents(text: string): Answer {
  return eventsAnswer([
    ...(text.match(/\s*\S+/g) ?? []).map((delta) => ({ data: { type: 'transcript.text.delta', delta } })),
    { data: { type: 'transcript.text.done', text, usage: usage(text) } },
    { data: '[DONE]' },
  ])
}

function usage(text: string) {
  const output = tokenCount(text)
  return {
    type: 'tokens',
    input_tokens: 10,
    input_token_details: { text_tokens: 0, audio_tokens: 10 },
    output_tokens: output,
    total_tokens: 10 + output,
  }
}

function verbose(text: string, task: 'transcribe' | 'translate') {
  return {
    task,
    language: 'english',
    duration: DURATION_SECONDS,
    text,
    segments: [
      {
        id: 0,
        seek: 0,
        start: 0,
        end: DURATION_SECONDS,
        text,
        tokens: [1, 2, 3],
        temperature: 0,
        avg_logprob: -0.1,
        compression_ratio: 1,
        no_speech_prob: 0,
      },
    ],
    ...(task === 'transcribe' && { usage: { type: 'duration', seconds: Math.ceil(DURATION_SECONDS) } }),
  }
}
