"""Tell abuse reports for machines from all other mail: ARF (RFC 5965) and XARF, by their structure."""

from mailrelay.reports.reading.document import open_document, parse
from mailrelay.reports.reading.feedback import read_feedback
from mailrelay.reports.reading.xarf import read_xarf

_NO_ABUSE = frozenset({"opt-out", "not-spam"})


def complaint_in(raw: bytes) -> str:
    """Return `arf` or `xarf`, or the empty string; any octets will do."""
    message = parse(raw)
    if message is None:
        return ""
    document = open_document(message)
    for name, read in (("arf", read_feedback), ("xarf", read_xarf)):
        if any(finding.reason not in _NO_ABUSE for finding in read(document)):
            return name
    return ""
