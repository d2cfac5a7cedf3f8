"""Encrypt a message to its owner: OpenPGP (RFC 3156) or S/MIME (RFC 8551), with its header (RFC 9788)."""

from mailrelay.rewriting.encryption.facts import KeyFacts
from mailrelay.rewriting.encryption.keys import EncryptionKey, UnusableKey, read_key
from mailrelay.rewriting.encryption.protection import encrypted

__all__ = ["EncryptionKey", "KeyFacts", "UnusableKey", "encrypted", "read_key"]
