"""Remove what files say of their author beside what they show: attachments of an owner's answer.

What a file is, is told by its content. Most kinds have a cleaner that writes the file anew; kinds that
say who somebody is are dropped; everything else holds the answer, and the owner is asked.
"""

from mailrelay.rewriting.metadata.cleaning import cleaned
from mailrelay.rewriting.metadata.outcome import CannotClean, Cleaned, Dropped

__all__ = ["CannotClean", "Cleaned", "Dropped", "cleaned"]
