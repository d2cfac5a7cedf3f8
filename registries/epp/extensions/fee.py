"""What a command cost (RFC 8748, fee-1.0): read from answers; nothing is ever bought by it."""

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from registries.epp.markup import FEE, Element, find, find_all, text_of

# RFC 8748 section 5.2: the element that each transform's answer has.
_RESULTS = ("updData", "creData", "delData", "trnData", "renData")


@dataclass(frozen=True, slots=True)
class Charge:
    """What the registry took for a command.

    Attributes:
        currency: ISO 4217; "" where the registry leaves it out.
        amount: Fees less credits.
    """

    currency: str
    amount: Decimal


def read_charge(extension: Element | None) -> Charge | None:
    """Return what the answer to a transform says that it cost; None where it says nothing."""
    for tag in _RESULTS:
        data = find(extension, FEE, tag)
        if data is not None:
            # RFC 8748 section 3.4: credits are written as negative amounts.
            amounts = [_amount(each) for kind in ("fee", "credit") for each in find_all(data, FEE, kind)]
            return Charge(text_of(data, FEE, "currency"), sum(amounts, Decimal(0)))
    return None


def _amount(element: Element) -> Decimal:
    try:
        amount = Decimal((element.text or "").strip())
    except InvalidOperation:
        return Decimal(0)
    return amount if amount.is_finite() else Decimal(0)
