"""Fetches a URL as pip does it, and prints its content. The proxy and the CA are those of the environment."""

import sys

import requests

response = requests.get(sys.argv[1], timeout=10)
response.raise_for_status()
print(response.text, end="")
