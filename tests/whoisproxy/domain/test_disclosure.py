"""What may be granted, for how long, and how a requester's network is written down."""

from datetime import UTC, datetime, timedelta

import pytest

from whoisproxy.domain.disclosure import (
    LONGEST,
    DisclosedField,
    GrantSpec,
    Purpose,
    Requester,
    checked_end,
    network_of,
)
from whoisproxy.domain.errors import InvalidInput

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
SOON = NOW + timedelta(days=1)


def test_a_grant_ends_in_the_future_and_not_too_late() -> None:
    assert checked_end(NOW + LONGEST, NOW) == NOW + LONGEST
    for wrong in (NOW, NOW - timedelta(seconds=1), NOW + LONGEST + timedelta(seconds=1)):
        with pytest.raises(InvalidInput, match="expires_at"):
            checked_end(wrong, NOW)


@pytest.mark.parametrize(
    ("requester", "fields", "named"),
    [
        (Requester("Lea Recht"), [], "fields"),
        (Requester(" "), [DisclosedField.NAME], r"requester\.name"),
        (Requester("Lea Recht", email="quetzal"), [DisclosedField.NAME], r"requester\.email"),
    ],
)
def test_what_is_wrong_with_a_grant_is_named_and_not_quoted(
    requester: Requester, fields: list[DisclosedField], named: str
) -> None:
    with pytest.raises(InvalidInput, match=named) as refused:
        GrantSpec(requester, Purpose.LEGAL_ACTIONS, fields, "order", SOON)
    assert "quetzal" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.77", "192.0.2.0/24"),
        ("::ffff:192.0.2.77", "192.0.2.0/24"),
        ("2001:db8:0:ffff::1", "2001:db8:0:ff00::/56"),
        ("::1", "::/56"),
        ("unix", ""),
    ],
)
def test_an_address_is_kept_as_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


def test_neither_requester_nor_reason_is_shown_by_accident() -> None:
    spec = GrantSpec(
        Requester("Lea Recht", "Kanzlei", "lea@law.example"),
        Purpose.LEGAL_ACTIONS,
        [DisclosedField.NAME],
        "order 12",
        SOON,
    )
    assert not [secret for secret in ("Lea", "Kanzlei", "order") if secret in repr(spec)]
