"""Which of the two to use, for each kind of recipient (`eligibility.advice`)."""

from __future__ import annotations

from lockproof.spec.observable import Advice, Role

_CODE_REASON = "recommended for contractors, appraisers and the like, with the seller's written permission"
_ADVICE = {
    Role.REALTOR: Advice(
        "connect",
        "recommended for out-of-board agents without a reciprocal agreement: a window of time, which can be revoked",
        "eligibility.connect-realtor",
    ),
    Role.CONSUMER: Advice(
        "neither",
        "neither should ever be provided to consumers, under any circumstances",
        "eligibility.consumer-never",
    ),
}

_BARRED = Advice("neither", "the board bars them", "eligibility.board")


def advise(role: Role, *, barred: bool) -> Advice:
    """Every other role comes for the seller, and with the seller's written permission; unless the board bars it."""
    if barred and role not in _ADVICE:
        return _BARRED
    return _ADVICE.get(role, Advice("code", _CODE_REASON, "eligibility.code-seller-permission"))
