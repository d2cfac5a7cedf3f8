"""All rules in one table: each module enters its own."""

from tests.whoisproxy.publication.conformance import (
    beyond,
    classes,
    domains,
    guide,
    hosts,
    mailboxes,
    redactions,
    registrars,
    structures,
)
from tests.whoisproxy.publication.conformance.table import RULES, Answer, Mode, broken

PARTS = (structures, classes, guide, domains, registrars, hosts, redactions, mailboxes, beyond)

__all__ = ["PARTS", "RULES", "Answer", "Mode", "broken"]
