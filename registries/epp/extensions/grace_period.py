"""Grace periods of domains (RFC 3915, rgp-1.0): read only."""

from registries.epp.markup import RGP, Element, find, find_all


def read_grace_periods(extension: Element | None) -> tuple[str, ...]:
    """Return the statuses of an info answer, such as `addPeriod` or `redemptionPeriod`; () without any."""
    statuses = find_all(find(extension, RGP, "infData"), RGP, "rgpStatus")
    return tuple(status.get("s", "") for status in statuses)
