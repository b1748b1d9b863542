import json
import ssl
import sys
import time
import urllib.error
import urllib.request

scenario, dummy_key = sys.argv[1:]
# The strictest verification Python has, and its default from 3.13 on.
context = ssl.create_default_context()
context.verify_flags |= ssl.VERIFY_X509_STRICT | ssl.VERIFY_X509_PARTIAL_CHAIN


def ask(path, content):
    request = urllib.request.Request(
        'https://inference.local' + path,
        data=None if content is None else json.dumps(content).encode(),
        headers={'Content-Type': 'application/json', 'Authorization': 'Bearer ' + dummy_key},
    )
    return urllib.request.urlopen(request, context=context, timeout=15)


def question(**members):
    return {'model': 'any-model', 'messages': [{'role': 'user', 'content': 'Hello'}], **members}


def chat():
    return json.load(ask('/v1/chat/completions', question()))


def stream():
    lines = []
    for line in ask('/v1/chat/completions', question(stream=True)):
        lines.append((time.monotonic(), line.decode()))
    return {'text': ''.join(line for _, line in lines), 'spreadMs': 1000 * (lines[-1][0] - lines[0][0])}


def models():
    return [model['id'] for model in json.load(ask('/v1/models', None))['data']]


def error():
    try:
        ask('/v1/chat/completions', question())
    except urllib.error.HTTPError as error:
        return {'status': error.code, 'message': json.load(error)['error']['message']}


print(json.dumps({'chat': chat, 'stream': stream, 'models': models, 'error': error}[scenario]()))
