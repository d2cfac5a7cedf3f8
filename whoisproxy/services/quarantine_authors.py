"""Who wrote a held message, as rules name him, and whether that is proven."""

from mailrelay.authentication.authors import read_authors
from mailrelay.authentication.results_field import statements
from mailrelay.message import RawMessage
from mailrelay.queue.entry import QueuedMessage


def sender_of(queued: QueuedMessage, message: RawMessage) -> str:
    """Return the author's mailbox as rules name it, else who sent it; empty for nobody."""
    authors = read_authors(message.all("From"))
    return (authors[0] if authors else queued.reverse_path).lower()


def is_proven(queued: QueuedMessage, message: RawMessage) -> bool:
    """Return whether the mailbox of the only author is proven, as far as our results that came along tell."""
    authors = read_authors(message.all("From"))
    if len(authors) != 1:
        return False
    domain = authors[0].rpartition("@")[2].lower()
    said = statements(queued.authentication)
    dmarc = next((one.result for one in said if one.method == "dmarc"), "none")
    if dmarc != "none":
        return dmarc == "pass"
    passed = [one.properties for one in said if one.method in {"dkim", "spf"} and one.result == "pass"]
    proven = {each.get("header.d") or each.get("smtp.mailfrom") for each in passed}
    return any(one is not None and (f".{domain}".endswith(f".{one.lower()}")) for one in proven)
