"""How usual each feature is in mail of all kinds: what hundreds of messages have is not what marks one kind.

The file is one octet for each bucket, of 200 messages how many have it, compressed; it is built together with
the model by `python -m bench.spam.make_model`. Only learning asks for it.
"""

import zlib
from functools import lru_cache
from importlib.resources import files

FILE = "usual_features.bin"
OF = 200
"""Messages that the counts are of."""


@lru_cache(maxsize=1)
def usual_features() -> bytes:
    """Return the counts that come with the program."""
    return zlib.decompress((files("mailrelay") / "data" / FILE).read_bytes())
