"""Fetches a URL with the standard library alone, and prints its content."""

import sys
import urllib.request

with urllib.request.urlopen(sys.argv[1], timeout=10) as response:
    print(response.read().decode(), end="")
