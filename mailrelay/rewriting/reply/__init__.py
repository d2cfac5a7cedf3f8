"""Rebuild an owner's answer for the correspondent: owner -> correspondent.

Nothing of the owner's message is edited into shape; a new one is written. Its header comes from an
allow-list, its text and HTML hold what was seen and not what named the owner, its files are cleaned by
content. What cannot be made safe holds the message; what software wrote is not relayed.
"""

from mailrelay.rewriting.reply.model import Answer, AnswerHeld, AutomaticMail, LeftOut, ReplyFacts
from mailrelay.rewriting.reply.rewrite import rewrite_reply

__all__ = ["Answer", "AnswerHeld", "AutomaticMail", "LeftOut", "ReplyFacts", "rewrite_reply"]
