"""ICANN's acceptance cases of contacts: epp-06 to epp-10, and epp-15 as far as it is about contacts."""

import pytest

from tests.registries.sandbox.rst import Row, filled, needs_data, verdict
from tests.registries.sandbox.wire import (
    RawClient,
    contact_create,
    contact_update,
    domain_create,
    on_contact,
    on_domain,
)

_AUTO = {
    "id": "rst-{n}",
    "postalInfoType": "int",
    "name": "Rita Stone",
    "org": "Stone Works",
    "street1": "1 Quarry Road",
    "city": "Bath",
    "sp": "Somerset",
    "pc": "BA1 1AA",
    "cc": "GB",
    "voice": "+44.1225000001",
    "voiceExt": "21",
    "fax": "+44.1225000002",
    "faxExt": "22",
    "email": "rita@stone.example",
    "authInfo": "rst-secret",
}
_SYNTAX_OR_POLICY = {2001, 2003, 2004, 2005, 2306}


def _postal(row: Row) -> str:
    street = "".join(
        f"<contact:street>{row[f'street{n}']}</contact:street>" for n in "123" if row[f"street{n}"]
    )
    return (
        f'<contact:postalInfo type="{row["postalInfoType"]}"><contact:name>{row["name"]}</contact:name>'
        f"<contact:org>{row['org']}</contact:org><contact:addr>{street}"
        f"<contact:city>{row['city']}</contact:city><contact:sp>{row['sp']}</contact:sp>"
        f"<contact:pc>{row['pc']}</contact:pc><contact:cc>{row['cc']}</contact:cc></contact:addr>"
        "</contact:postalInfo>"
    )


def _numbers(row: Row) -> str:
    return (
        f'<contact:voice x="{row["voiceExt"]}">{row["voice"]}</contact:voice>'
        f'<contact:fax x="{row["faxExt"]}">{row["fax"]}</contact:fax>'
        f"<contact:email>{row['email']}</contact:email>"
    )


def _body(row: Row) -> str:
    secret = f"<contact:authInfo><contact:pw>{row['authInfo']}</contact:pw></contact:authInfo>"
    return _postal(row) + _numbers(row) + secret


async def _told(session: RawClient, handle: str) -> Row:
    """Return a contact as the row that it was made of."""
    info = await session.succeed(on_contact("info", handle))

    def one(path: str) -> str:
        return "".join(info.all(f"//contact:infData/{path}"))

    parts = {
        name: one(f"contact:postalInfo/contact:addr/contact:{name}") for name in ("city", "sp", "pc", "cc")
    }
    return {
        "id": one("contact:id"),
        "postalInfoType": one("contact:postalInfo/@type"),
        "name": one("contact:postalInfo/contact:name"),
        "org": one("contact:postalInfo/contact:org"),
        "street1": one("contact:postalInfo/contact:addr/contact:street"),
        **parts,
        "voice": one("contact:voice"),
        "voiceExt": one("contact:voice/@x"),
        "fax": one("contact:fax"),
        "faxExt": one("contact:fax/@x"),
        "email": one("contact:email"),
    }


async def test_epp_06_a_check_tells_bad_ids_taken_ones_and_free_ones_apart(client: RawClient) -> None:
    await client.succeed(contact_create("owner-1"))
    free = await client.succeed(on_contact("check", "owner-2"))
    taken = await client.succeed(on_contact("check", "owner-1"))
    assert free.all("//contact:id/@avail") == ["1"]
    assert taken.all("//contact:id/@avail") == ["0"]
    for bad in ("", "ab", "a" * 17):
        assert (await client.command(on_contact("check", bad))).code in {2001, 2004, 2005}


@needs_data
async def test_epp_07_contacts_are_created_of_good_values_only_and_kept_as_sent(client: RawClient) -> None:
    wrong = []
    rows = list(filled("epp-07-data", _AUTO))
    for row in rows:
        reply = await client.command(contact_create(row["id"], _body(row)))
        if verdict(reply.code) != row["passOrFail"]:
            wrong.append(row)
        elif row["passOrFail"] == "pass":
            told = await _told(client, row["id"])
            assert told == {name: row[name] for name in told}
        else:
            assert reply.code in _SYNTAX_OR_POLICY
    assert wrong == []
    assert {row["passOrFail"] for row in rows} == {"pass", "fail"}


async def test_epp_08_another_registrar_neither_reads_nor_changes_a_contact(
    client: RawClient, stranger: RawClient
) -> None:
    await client.succeed(contact_create("owner-1"))
    change = "<contact:chg><contact:email>mine@now.example</contact:email></contact:chg>"
    assert (await stranger.command(on_contact("info", "owner-1"))).code == 2201
    assert (await stranger.command(contact_update("owner-1", change))).code == 2201


@needs_data
@pytest.mark.parametrize(
    ("provider", "change"), [("epp-09-postalinfo-data", _postal), ("epp-09-other-data", _numbers)]
)
async def test_epp_09_contacts_are_changed_to_good_values_only_and_kept_as_sent(
    client: RawClient, provider: str, change: object
) -> None:
    assert callable(change)
    await client.succeed(contact_create("owner-1"))
    auto = {**_AUTO, "postalInfoType": "loc"}
    for row in filled(provider, auto):
        assert row["action"] == "chg"
        reply = await client.command(contact_update("owner-1", f"<contact:chg>{change(row)}</contact:chg>"))
        assert verdict(reply.code) == row["passOrFail"], row
        if row["passOrFail"] == "pass":
            told = await _told(client, "owner-1")
            assert {name: value for name, value in told.items() if name in row} == {
                name: row[name] for name in told if name in row
            }
        else:
            assert reply.code in _SYNTAX_OR_POLICY


@needs_data
async def test_epp_09_only_the_clients_statuses_are_its_to_add_and_remove(client: RawClient) -> None:
    await client.succeed(contact_create("owner-1"))
    for row in filled("epp-09-status-data", {}):
        part = f'<contact:{row["action"]}><contact:status s="{row["status"]}"/></contact:{row["action"]}>'
        reply = await client.command(contact_update("owner-1", part))
        assert verdict(reply.code) == row["passOrFail"], row
        if row["passOrFail"] == "pass":
            shown = (await client.succeed(on_contact("info", "owner-1"))).all("//contact:status/@s")
            assert (row["status"] in shown) == (row["action"] == "add")


async def test_epp_10_a_deleted_contact_is_gone(client: RawClient) -> None:
    await client.succeed(contact_create("owner-1"))
    await client.succeed(on_contact("delete", "owner-1"))
    assert (await client.command(on_contact("info", "owner-1"))).code == 2303


async def test_epp_15_a_contact_that_a_domain_uses_is_not_deleted(client: RawClient) -> None:
    await client.succeed(contact_create("owner-1"))
    await client.succeed(domain_create("a.test"))
    assert (await client.command(on_contact("delete", "owner-1"))).code == 2305
    assert (await client.succeed(on_domain("info", "a.test"))).all("//domain:registrant") == ["owner-1"]
