"""The purposes that every deployment starts with: what enrichment is done for."""

from __future__ import annotations

from server.consent.model import (
    ENRICHMENT_DERIVED,
    ENRICHMENT_IP,
    ENRICHMENT_THIRD_PARTY,
    Basis,
    OnWithdrawal,
    PurposeSpec,
)

STANDARD_PURPOSES: tuple[PurposeSpec, ...] = (
    PurposeSpec(
        key=ENRICHMENT_DERIVED,
        name="Conclusions from your own details",
        description="What can be worked out on our own machines, such as a company from an e-mail domain.",
        text="We draw conclusions from what you told us, such as your company from your e-mail address.",
        basis=Basis.OPT_OUT,
        on_withdrawal=OnWithdrawal.ERASE,
    ),
    PurposeSpec(
        key=ENRICHMENT_IP,
        name="Your rough location",
        description="Country and time zone from the network address of a visit.",
        text="We work out your country and time zone from the network address of your visit.",
        on_withdrawal=OnWithdrawal.ERASE,
    ),
    PurposeSpec(
        key=ENRICHMENT_THIRD_PARTY,
        name="Looking you up",
        description="Asking other companies and public sources what they know of a person.",
        text="We look up what other services and public sources say about you.",
        on_withdrawal=OnWithdrawal.ERASE,
    ),
)
