"""What strangers write is shown, and never runs: with our policy of content, and were there none.

Each payload comes by SMTP as subject, sender's name, text, HTML and name of a file. The tab of a browser that
heeds the policy reports what breaks it; that of one that does not would run whatever was not made harmless.
"""

import email.policy
from email.header import Header
from email.message import EmailMessage

import pytest

from tests.browser.conftest import NewTab
from tests.browser.letters import unproven
from tests.browser.people import entered
from tests.browser.places import quarantine_token, token_of_held
from tests.browser.site import Site
from tests.browser.tab import Tab
from tests.journeys.journey import Journey

pytestmark = [pytest.mark.slow, pytest.mark.asyncio(loop_scope="session")]

_RUN = "top.__pwned=1;alert(1)"
PAYLOADS = (
    f"<script>{_RUN}</script>",
    f'"><img src=x onerror="{_RUN}">',
    f"'><svg/onload='{_RUN}'>",
    f"</title></pre></dd></h1><script>{_RUN}</script>",
    f'</textarea></iframe><iframe srcdoc="<script>{_RUN}</script>">',
    f'<iframe src="javascript:{_RUN}"></iframe>',
    f'<a href="javascript:{_RUN}">click</a>',
    f'<details open ontoggle="{_RUN}">x</details>',
    f'<input autofocus onfocus="{_RUN}">',
    f"<style>@import'//x.example/a.css';*{{background:url(javascript:{_RUN})}}</style>",
    f'<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror={_RUN}&gt;">',
    f'<svg><animate onbegin="{_RUN}" attributeName=x dur=1s>',
    f'<object data="data:text/html,<script>{_RUN}</script>"></object>',
    f'<meta http-equiv=refresh content="0;url=javascript:{_RUN}"><base href=//x.example>',
    f'<form action="javascript:{_RUN}"><button formaction="javascript:{_RUN}">go</button></form>',
    f"{{{{constructor.constructor('{_RUN}')()}}}}{{% print(1) %}}",
    f"\u202e<scr\u200bipt>{_RUN}</scr\u200bipt>",
    f"javascript:{_RUN}//",
)
# Where an owner sees what strangers wrote.
VIEWS = (
    "/m/{held}",
    "/q/{quarantine}",
    "/mail",
    "/mail/messages/{message}",
    "/mail/held",
    "/mail/held/{message}",
    "/domains/{domain}",
)


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
async def test_what_strangers_write_never_runs(site: Site, new_tab: NewTab, payload: str) -> None:
    owner = await site.owner()
    await owner.switched(on=True)
    message_id = await _held(owner, payload)
    heeding, heedless = await new_tab(), await new_tab(bypass_csp=True)
    for tab in (heeding, heedless):
        await tab.keep_session((await entered(owner)).secret)
        for view in VIEWS:
            path = view.format(
                held=token_of_held(owner, message_id),
                quarantine=await quarantine_token(owner),
                message=message_id,
                domain=owner.domain,
            )
            assert await tab.open(path) == 200
            await _touch_everything(tab)
            assert await tab.page.evaluate("window.__pwned") is None
            assert tab.path == path.partition("?")[0]


async def _touch_everything(tab: Tab) -> None:
    """Open what can be opened, and click what a stranger may have made clickable."""
    for details in await tab.page.locator("main details > summary").all():
        await details.click()
    for frame in tab.page.frames[1:]:
        await frame.wait_for_load_state()
        for link in await frame.locator("a, button, input").all():
            await link.click(force=True)


async def _held(owner: Journey, payload: str) -> str:
    """Let a letter come that nothing proves, from a domain that asks to hold such; return its id."""
    message = EmailMessage()
    message["From"], message["To"] = "SENDER <ed@press.example>", owner.address
    message["Subject"] = "SUBJECT"
    message["Date"], message["Message-ID"] = "Thu, 26 Nov 2026 06:00:00 +0000", f"<x@{owner.domain}>"
    message.set_content(f"{payload}\n")
    message.add_alternative(f"<html><body>{payload}<p>kept</p></body></html>", "html")
    message.add_attachment(b"x", "application", "octet-stream", filename=payload)
    raw = message.as_bytes(policy=email.policy.SMTP)
    name = Header(payload, "utf-8").encode(linesep="\r\n").encode()
    raw = raw.replace(b"SENDER", name).replace(b"SUBJECT", name)
    return await unproven(owner, raw)
