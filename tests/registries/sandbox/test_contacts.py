"""The contact mapping: what is sent comes back, and every rule has its result code."""

import pytest

from registries.sandbox.settings import Quirk
from tests.registries.sandbox.conftest import Connect, Start
from tests.registries.sandbox.wire import (
    CONTACT_BODY,
    RawClient,
    contact_create,
    contact_update,
    disclose,
    domain_create,
    on_contact,
)

_INT = (
    '<contact:postalInfo type="int"><contact:name>Anna Mueller</contact:name><contact:addr>'
    "<contact:city>Zurich</contact:city><contact:cc>CH</contact:cc></contact:addr></contact:postalInfo>"
)
_ALL_BOTH = (
    '<contact:name type="int"/><contact:name type="loc"/><contact:org type="int"/><contact:org type="loc"/>'
    '<contact:addr type="int"/><contact:addr type="loc"/><contact:voice/><contact:fax/><contact:email/>'
)
_LOCK = '<contact:status s="clientUpdateProhibited"/>'


async def test_a_contact_is_read_back_as_it_was_created(client: RawClient) -> None:
    created = await client.succeed(contact_create("owner-1", CONTACT_BODY))
    assert created.all("//contact:creData/contact:id") == ["owner-1"]
    read = await client.succeed(on_contact("info", "owner-1"))
    assert read.all(
        "//contact:infData/*/text() | //contact:addr/*/text() | //contact:postalInfo/*/text()"
    ) == [
        *("owner-1", "C1-SANDBOX", "Anna Müller", "Münze AG"),
        *("Gässli 1", "Hof", "Zürich", "ZH", "8001", "CH"),
        *("+41.446681800", "+41.446681801", "anna@home.example", "registrar-a", "registrar-a"),
        *read.all("//contact:crDate"),
    ]
    assert read.all("//contact:voice/@x") == ["12"]
    assert read.all("//contact:status/@s") == ["ok"]
    assert read.all("//contact:pw") == ["contact-secret"]
    assert read.all("//contact:disclose/@flag") == []


async def test_a_check_tells_free_from_taken(client: RawClient) -> None:
    await client.succeed(contact_create("owner-1"))
    ids = "<contact:id>owner-1</contact:id><contact:id>owner-2</contact:id>"
    reply = await client.succeed(f"<check><contact:check>{ids}</contact:check></check>")
    assert reply.all("//contact:cd/contact:id") == ["owner-1", "owner-2"]
    assert reply.all("//contact:id/@avail") == ["0", "1"]
    assert reply.all("//contact:reason") == ["In use"]


async def test_a_handle_is_given_once_and_an_unknown_one_is_missing(client: RawClient) -> None:
    await client.succeed(contact_create("owner-1"))
    assert (await client.command(contact_create("owner-1"))).code == 2302
    for verb in (
        on_contact("info", "owner-2"),
        on_contact("delete", "owner-2"),
        contact_update("owner-2", "<contact:chg/>"),
    ):
        assert (await client.command(verb)).code == 2303


@pytest.mark.parametrize("flag", [0, 1])
@pytest.mark.parametrize("fields", [_ALL_BOTH, '<contact:name type="loc"/><contact:email/>'])
async def test_disclosure_is_returned_as_it_was_asked_for(client: RawClient, flag: int, fields: str) -> None:
    await client.succeed(contact_create("owner-1", disclose=disclose(flag, fields)))
    read = await client.succeed(on_contact("info", "owner-1"))
    assert read.all("//contact:disclose/@flag") == [str(flag)]
    assert len(read.names("//contact:disclose/*")) == fields.count("<")


async def test_an_update_changes_what_it_names_and_nothing_else(client: RawClient) -> None:
    await client.succeed(contact_create("owner-1", CONTACT_BODY, disclose(0)))
    before = await client.succeed(on_contact("info", "owner-1"))
    await client.succeed(
        contact_update(
            "owner-1", "<contact:chg><contact:email>relay@relay.example</contact:email></contact:chg>"
        )
    )
    after = await client.succeed(on_contact("info", "owner-1"))
    assert after.all("//contact:email") == ["relay@relay.example", ""]
    for path in ("//contact:postalInfo//*", "//contact:voice", "//contact:disclose/@flag", "//contact:pw"):
        assert after.all(path) == before.all(path)
    assert after.names("//contact:disclose/*") == before.names("//contact:disclose/*")
    assert after.all("//contact:upID") == ["registrar-a"]


async def test_an_update_of_disclosure_is_merged_field_by_field(client: RawClient) -> None:
    await client.succeed(contact_create("owner-1", CONTACT_BODY, disclose(0)))
    shown = disclose(1, '<contact:name type="loc"/><contact:email/>')
    await client.succeed(contact_update("owner-1", f"<contact:chg>{shown}</contact:chg>"))
    read = await client.succeed(on_contact("info", "owner-1"))
    assert read.all("//contact:disclose/@flag") == ["0"]
    assert read.names("//contact:disclose/*") == ["org", "addr", "voice", "fax"]


async def test_a_part_of_a_postal_info_may_change_and_a_new_form_must_be_complete(client: RawClient) -> None:
    await client.succeed(contact_create("owner-1"))
    name = '<contact:postalInfo type="{}"><contact:name>Bea</contact:name></contact:postalInfo>'
    await client.succeed(contact_update("owner-1", f"<contact:chg>{name.format('loc')}</contact:chg>"))
    refused = await client.command(
        contact_update("owner-1", f"<contact:chg>{name.format('int')}</contact:chg>")
    )
    assert refused.code == 2003
    await client.succeed(contact_update("owner-1", f"<contact:chg>{_INT}</contact:chg>"))
    read = await client.succeed(on_contact("info", "owner-1"))
    assert read.all("//contact:postalInfo/@type") == ["loc", "int"]
    assert read.all("//contact:postalInfo/contact:name") == ["Bea", "Anna Mueller"]
    assert read.all("//contact:city") == ["Zürich", "Zurich"]


async def test_empty_elements_of_an_update_remove_what_may_be_absent(client: RawClient) -> None:
    await client.succeed(contact_create("owner-1"))
    change = (
        '<contact:postalInfo type="loc"><contact:org/></contact:postalInfo><contact:voice/><contact:fax/>'
    )
    await client.succeed(contact_update("owner-1", f"<contact:chg>{change}</contact:chg>"))
    read = await client.succeed(on_contact("info", "owner-1"))
    for path in ("//contact:org", "//contact:voice", "//contact:fax"):
        assert read.all(path) == []


async def test_another_registrars_contact_is_closed_without_its_authorization(
    client: RawClient, stranger: RawClient
) -> None:
    await client.succeed(contact_create("owner-1"))
    for verb in (
        on_contact("info", "owner-1"),
        on_contact("delete", "owner-1"),
        contact_update("owner-1", "<contact:chg/>"),
    ):
        assert (await stranger.command(verb)).code == 2201
    shown = "<contact:authInfo><contact:pw>{}</contact:pw></contact:authInfo>"
    assert (await stranger.command(on_contact("info", "owner-1", shown.format("guess")))).code == 2202
    read = await stranger.succeed(on_contact("info", "owner-1", shown.format("contact-secret")))
    assert read.all("//contact:email") == ["anna@home.example"]
    assert read.all("//contact:pw") == []


async def test_a_locked_contact_changes_only_to_be_unlocked(client: RawClient) -> None:
    await client.succeed(contact_create("owner-1"))
    await client.succeed(contact_update("owner-1", f"<contact:add>{_LOCK}</contact:add>"))
    change = "<contact:chg><contact:email>a@b.example</contact:email></contact:chg>"
    assert (await client.command(contact_update("owner-1", change))).code == 2304
    read = await client.succeed(on_contact("info", "owner-1"))
    assert read.all("//contact:status/@s") == ["clientUpdateProhibited"]
    await client.succeed(contact_update("owner-1", f"<contact:rem>{_LOCK}</contact:rem>"))
    await client.succeed(contact_update("owner-1", change))


@pytest.mark.parametrize(
    "body",
    [
        '<contact:add><contact:status s="serverUpdateProhibited"/></contact:add>',
        '<contact:add><contact:status s="ok"/></contact:add>',
        f"<contact:rem>{_LOCK}</contact:rem>",
        f"<contact:add>{_LOCK}</contact:add><contact:rem>{_LOCK}</contact:rem>",
    ],
)
async def test_statuses_that_are_not_the_clients_to_change_are_refused(client: RawClient, body: str) -> None:
    await client.succeed(contact_create("owner-1"))
    assert (await client.command(contact_update("owner-1", body))).code == 2306


async def test_a_contact_is_deleted_when_no_domain_uses_it(client: RawClient) -> None:
    await client.succeed(contact_create("owner-1"))
    await client.succeed(contact_create("owner-2"))
    await client.succeed(domain_create("a.test"))
    read = await client.succeed(on_contact("info", "owner-1"))
    assert read.all("//contact:status/@s") == ["ok", "linked"]
    assert (await client.command(on_contact("delete", "owner-1"))).code == 2305
    await client.succeed(on_contact("delete", "owner-2"))
    assert (await client.command(on_contact("info", "owner-2"))).code == 2303


async def test_a_delete_lock_protects_a_contact(client: RawClient) -> None:
    await client.succeed(contact_create("owner-1"))
    lock = '<contact:add><contact:status s="clientDeleteProhibited">kept</contact:status></contact:add>'
    await client.succeed(contact_update("owner-1", lock))
    assert (await client.command(on_contact("delete", "owner-1"))).code == 2304


@pytest.mark.parametrize(
    ("quirk", "flag", "listed"),
    [(Quirk.DISCLOSE_IGNORED, [], 0), (Quirk.DISCLOSE_RESET, ["0"], 1)],
)
async def test_a_quirk_answers_1000_and_does_something_else(
    start: Start, connect: Connect, quirk: Quirk, flag: list[str], listed: int
) -> None:
    registry = await start(quirks=[quirk])
    async with connect(registry) as client:
        await client.login()
        await client.succeed(contact_create("owner-1"))
        for fields in (_ALL_BOTH, "<contact:email/>"):
            change = f"<contact:chg>{disclose(0, fields)}</contact:chg>"
            await client.succeed(contact_update("owner-1", change))
        read = await client.succeed(on_contact("info", "owner-1"))
        assert read.all("//contact:disclose/@flag") == flag
        assert len(read.names("//contact:disclose/*")) == listed
