"""Archives that no scanner can look into."""


def is_locked(head: bytes) -> bool:
    """Return whether a file that begins with these octets asks for a password; sees what is plain to see.

    ZIP: general purpose flag 0 of the first entry (APPNOTE 4.4.4). RAR 5: an encryption header first. RAR 4:
    flag 7 of the archive header, or flag 2 of the file header behind it.
    """
    if head.startswith(b"PK\x03\x04"):
        return len(head) > 6 and bool(head[6] & 1)  # noqa: PLR2004 - the flags begin there
    if head.startswith(b"Rar!\x1a\x07\x01\x00"):
        return head[13:14] == b"\x04"  # behind the checksum and a size of one octet
    if head.startswith(b"Rar!\x1a\x07\x00") and len(head) > 24:  # noqa: PLR2004 - both headers' flags
        return bool(head[10] & 0x80 or head[23] & 0x04)
    return False
