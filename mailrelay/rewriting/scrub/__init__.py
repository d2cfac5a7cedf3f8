"""Take an owner's data out of his answers, and find what is left of them."""

from mailrelay.rewriting.scrub.archives import CannotLookInside
from mailrelay.rewriting.scrub.scrubber import OMITTED, Hit, Scrubber, scrubber_for

__all__ = ["OMITTED", "CannotLookInside", "Hit", "Scrubber", "scrubber_for"]
