"""A process that remembers texts in memory that it is given (a descriptor), until it is killed."""

import sys
from datetime import timedelta
from itertools import count
from mmap import mmap

from mailrelay.content.seen import SeenMarks
from tests.mailrelay.content.test_seen import MINUTE, OCTETS, marks_of

seen = SeenMarks(memoryview(mmap(int(sys.argv[1]), OCTETS)), timedelta(hours=48))
for number in count():
    seen.add(marks_of(1), number % 3, MINUTE)
    if number == 3:
        sys.stdout.write("three\n")
        sys.stdout.flush()
