"""The most frequent words of a text, as JSON: `words.py FILE`."""

import collections
import json
import re
import sys
from pathlib import Path

words = re.findall(r"\w+", Path(sys.argv[1]).read_text(errors="replace").lower())
print(json.dumps(collections.Counter(words).most_common(10)))
