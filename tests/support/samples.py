"""A brand and a registrant, where a test needs one and it does not matter which."""

from whoisproxy.domain.proxy_identity import Brand
from whoisproxy.domain.registrant import Registrant

BRAND = Brand(
    name="Cloak Desk",
    organization="Privacy service provided by Cloak Ltd",
    street=("1 Cloak Street", "Floor 2"),
    city="Geneva",
    region="GE",
    postal_code="1204",
    country_code="CH",
    phone="+41225550100",
    abuse_email="abuse@cloak.example",
    abuse_phone="+41225550101",
    terms_url="https://cloak.example/terms",
)
REGISTRANT = Registrant(
    name="Zoë Müller-Sánchez",
    organization="Käserei Müller",
    email="zoe@mueller.example",
    phone="+4915123456789",
    street=("Hauptstraße 12", "Hinterhof"),
    city="Köln",
    region="NRW",
    postal_code="50667",
    country_code="DE",
    language="de",
)
