"""Recognise abuse reports for machines: XARF (abusix/xarf, versions 1 to 4), in mail or as a bare document.

Versions 1 to 3 have `ReporterInfo` and `Report`, version 4 has `xarf_version`; the older X-ARF says so in
the header of the mail and has lines of YAML.
"""

import json
import re
from typing import Any

from mailrelay.reports.reading.addresses import addresses_in
from mailrelay.reports.reading.document import Document
from mailrelay.reports.reading.finding import Finding, Kind

_MARKS = re.compile(r"\"(?:xarf_version|ReporterInfo)\"\s*:")
_HEADERS = ("X-XARF", "X-ARF")
_RECIPIENTS = ("SmtpRcptToAddress", "smtp_to")
_TYPES = ("ReportType", "report_type", "type")
# What XARF calls it, as a feedback type (RFC 5965 7.3); what is not here is `abuse`.
_FEEDBACK_TYPES = {"phishing": "fraud", "fraud": "fraud", "malware": "virus", "botnet": "virus"}


def read_xarf(document: Document) -> list[Finding]:
    """Return one finding for each mailbox the report names, or one without; empty where this is none."""
    texts = [part.text for part in document.parts if _MARKS.search(part.text)]
    report = next((found for text in texts if (found := _report(text))), {})
    if not report and not any(document.field(name) for name in _HEADERS):
        return []
    reason = _FEEDBACK_TYPES.get(_first(report, _TYPES).lower(), "abuse")
    recipients = addresses_in(_first(report, _RECIPIENTS))
    return [Finding(Kind.FEEDBACK, address, "", reason) for address in recipients or [""]]


def _report(text: str) -> dict[str, Any]:
    """Return the fields about what happened; empty where the text is no XARF document."""
    try:
        found, _ = json.JSONDecoder().raw_decode(text[text.find("{") :])
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    if isinstance(found.get("xarf_version"), str) and "reporter" in found:
        return found
    about = found.get("Report")
    return about if isinstance(about, dict) and isinstance(found.get("ReporterInfo"), dict) else {}


def _first(report: dict[str, Any], names: tuple[str, ...]) -> str:
    return next((report[name] for name in names if isinstance(report.get(name), str)), "")
