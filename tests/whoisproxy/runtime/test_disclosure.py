"""Disclosure in the service as it runs: made by command or API, asked for over RDAP, ended by itself."""

from datetime import datetime, timedelta
from pathlib import Path

import aiohttp

from tests.support import samples
from tests.whoisproxy.runtime.test_service import settings
from whoisproxy.domain.disclosure import DisclosedField, Ending, GrantSpec, Purpose, Requester
from whoisproxy.domain.names import DomainName
from whoisproxy.domain.privacy import Consent
from whoisproxy.runtime.core import utc_now
from whoisproxy.runtime.housekeeping import Housekeeping
from whoisproxy.runtime.service import Role, Service
from whoisproxy.services.registration import RegistrationSpec
from whoisproxy.services.switching import SwitchRequest

NAME = DomainName("zoe-studio.com")


async def _get(service: Service, token: str = "") -> tuple[int, str]:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    url = f"http://127.0.0.1:{service.ports['rdap']}/domain/{NAME}"
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
        return answer.status, await answer.text()


async def test_the_service_discloses_to_one_and_ends_what_has_had_its_time(tmp_path: Path) -> None:
    ahead = timedelta()

    def clock() -> datetime:
        return utc_now() + ahead

    service = Service(settings(tmp_path), [Role.RDDS], clock)
    await service.start()
    try:
        core = service.core
        registrar = await core.accounts.add_registrar("Acme", "https://acme.example")
        await core.registrations.put(
            registrar, NAME, RegistrationSpec(samples.REGISTRANT, registrant_verified=True)
        )
        wish = SwitchRequest(enabled=True, consent=Consent("owner", clock(), "1"))
        await core.privacy.switch(registrar, NAME, wish)
        spec = GrantSpec(
            Requester("Lea Recht"),
            Purpose.LEGAL_ACTIONS,
            [DisclosedField.NAME],
            "order",
            clock() + timedelta(hours=1),
        )
        _, token = await core.disclosures.grant(registrar, NAME, spec)

        status, public = await _get(service)
        assert (status, samples.REGISTRANT.name in public) == (200, False)
        status, disclosed = await _get(service, token)
        assert (status, samples.REGISTRANT.name in disclosed) == (200, True)
        # What one was sent is not kept for the others.
        assert await _get(service) == (200, public)

        ahead = timedelta(hours=2)
        assert (await _get(service, token))[0] == 401
        await Housekeeping(core)._disclosures.end_overdue()
        [ended] = await core.disclosures.page(registrar, NAME, "", 10)
        assert (ended.ending, ended.looks) == (Ending.EXPIRED, 1)
    finally:
        await service.stop()
