"""schemathesis talks to the running service from nothing but its document, with all its checks."""

import asyncio
import json
import sys
from pathlib import Path

import pytest

from tests.whoisproxy.api.client import ON, domain_body
from tests.whoisproxy.api.service import Service
from whoisproxy.api.limits import ApiLimits

# A request that fits the schema may still ask for what a rule forbids: a TLD that prohibits privacy, a
# telephone number that no country has, a stale entity tag, a name that is not registrable.
_CONFIG = f"""
hooks = {json.dumps(str(Path(__file__).with_name("schemathesis_hooks.py")))}

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", "400", "401", "403", "404", "409", "412", "422"]

[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "409", "412", "413", "415", "422"]

# DELETE of a domain's privacy switches it off; that it is off can be read, which is no use after free.
[[operations]]
include-operation-id = "delete_privacy"
phases.stateful.enabled = false
"""

# Nothing happens while it talks, so every wait would be as long as it may be.
LIMITS = ApiLimits(requests_per_minute=1_000_000, failures_per_minute=1_000_000, wait_s=0.05)


async def _run(service: Service, folder: Path, *options: str) -> None:
    await service.client.put("/v1/domains/zoe.com", domain_body())
    await service.client.put("/v1/domains/zoe.com/privacy", ON)
    config = folder / "schemathesis.toml"
    config.write_text(_CONFIG, encoding="utf-8")
    command = [
        str(Path(sys.executable).with_name("st")),
        *("--config-file", str(config)),
        "run",
        f"{service.client.base_url}/v1/openapi.json",
        *("--header", f"Authorization: Bearer {service.client.secret}"),
        *("--checks", "all"),
        *("--seed", "7"),
        *("--warnings", "off"),
        *("--suppress-health-check", "all"),
        "--continue-on-failure",
        "--no-color",
        *options,
    ]
    process = await asyncio.create_subprocess_exec(
        *command, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()[-20_000:]


@pytest.mark.parametrize("limits", [LIMITS])
@pytest.mark.timeout(300)
async def test_a_quick_look_finds_nothing(service: Service, tmp_path: Path) -> None:
    await _run(
        service,
        tmp_path,
        *("--phases", "examples,fuzzing"),
        *("--max-examples", "2"),
        *("--include-path-regex", "privacy$|events$|tlds"),
    )


@pytest.mark.slow
@pytest.mark.parametrize("limits", [LIMITS])
@pytest.mark.timeout(900)
async def test_a_thorough_look_finds_nothing(service: Service, tmp_path: Path) -> None:
    await _run(
        service, tmp_path, *("--phases", "examples,coverage,fuzzing,stateful"), *("--max-examples", "15")
    )
