import type { FieldList } from '../http/field-list.js'
import { contentMediaType, type MediaType } from '../http/media-type.js'
import { ProxyError } from '../proxy-error.js'
import { decodeContent } from './decode-content.js'
import type { ContentForm } from './inference-endpoint.js'
import { type RewrittenContent, rewriteModel } from './rewrite-model.js'
import { rewriteMultipart } from './rewrite-multipart.js'

/** Content in plain form, and how to put the route's model into it. */
export interface PreparedContent extends RewrittenContent {
  readonly plain: Buffer
}

/**
 * Decodes a request's content and finds its model, by what `Content-Type` says it is.
 *
 * @throws {ProxyError} 400, 413 or 415.
 */
export async function prepareContent(
  form: ContentForm,
  fields: FieldList,
  content: Buffer,
  maxContentBytes: number,
): Promise<PreparedContent> {
  const mediaType = contentMediaType(fields)
  const isForm = form === 'multipart' && mediaType?.type === 'multipart/form-data'
  if (!isForm && !isJson(mediaType)) {
    const accepted = form === 'multipart' ? 'multipart/form-data or application/json' : 'application/json'
    throw new ProxyError(
      'ERR_CONTENT_TYPE_UNSUPPORTED',
      `Send the content as ${accepted}, in UTF-8, with one Content-Type field that says so.`,
    )
  }
  const plain = await decodeContent(content, fields, maxContentBytes)
  const rewritten = isForm ? rewriteMultipart(plain, mediaType.parameters.get('boundary')) : rewriteModel(plain)
  return { ...rewritten, plain }
}

function isJson(mediaType: MediaType | undefined): boolean {
  const charset = mediaType?.parameters.get('charset')?.toLowerCase()
  return mediaType?.type === 'application/json' && (charset === undefined || charset === 'utf-8' || charset === 'utf8')
}
