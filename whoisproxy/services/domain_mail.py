"""What the relay does with domains' mail and where it goes, changed whatever else happens to the domains."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from mailrelay.directory import MailPolicy
from whoisproxy.domain.owner_mailbox import OwnerMailbox
from whoisproxy.domain.privacy import Privacy
from whoisproxy.domain.registration import Registration
from whoisproxy.services.events import emit_all
from whoisproxy.services.holding import touched
from whoisproxy.storage.repositories.operations import NewEvent
from whoisproxy.storage.unit_of_work import UnitOfWork

SETTINGS_CHANGED = "privacy.settings_changed"


async def set_policy(uow: UnitOfWork, held: Registration, policy: MailPolicy, now: datetime) -> bool:
    """Store what is done with a domain's mail; return whether that is another thing than before."""
    return await _change(uow, [held], {"mail_policy": policy}, now)


async def lead_to(
    uow: UnitOfWork, held: Sequence[Registration], mailbox: OwnerMailbox | None, now: datetime
) -> bool:
    """Lead domains' mail to a mailbox of their owner that is confirmed; None for the registrants' own.

    Returns:
        Whether any of it went elsewhere before.
    """
    forward_to, mailbox_id = (mailbox.mailbox, mailbox.id) if mailbox else ("", "")
    return await _change(uow, held, {"forward_to": forward_to, "mailbox_id": mailbox_id}, now)


async def _change(
    uow: UnitOfWork, held: Sequence[Registration], changes: Mapping[str, object], now: datetime
) -> bool:
    before = await uow.privacy.of_domains(each.id for each in held)
    after = {each.id: replace(before[each.id], **changes) for each in held}  # type: ignore[arg-type]  # by names
    changed = [each for each in held if after[each.id] != before[each.id]]
    await uow.registrations.touch(*(touched(each, now) for each in changed))
    await uow.privacy.put_all({each.id: replace(after[each.id], updated_at=now) for each in changed})
    await emit_all(uow, [_event(each, after[each.id]) for each in changed], now)
    return bool(changed)


def _event(held: Registration, privacy: Privacy) -> NewEvent:
    data = {"state": privacy.status.state.value, "operation_id": privacy.operation_id}
    return NewEvent(held.registrar_id, SETTINGS_CHANGED, held.name.a_label, data)
