"""All rules in one table."""

from tests.whoisproxy.publication.conformance import beyond, classes, profile, redactions, structures
from tests.whoisproxy.publication.conformance.table import RULES, Answer, Mode, broken

__all__ = ["RULES", "Answer", "Mode", "beyond", "broken", "classes", "profile", "redactions", "structures"]
