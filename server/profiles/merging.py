"""What two profiles come to when they turn out to be one person; pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from server.consent.model import ConsentState, strictest
from server.profiles.tallies import apart, ids_together, together

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from server.consent.model import Consent
    from server.profiles.model import (
        AttributeId,
        Claim,
        ClaimId,
        Identity,
        IdentityRef,
        Profile,
        ProfileId,
    )

MAX_IDENTITIES = 1_000  # of one profile; a shared device or a test account, long before that


def may_fold(known: Profile, anonymous: Profile) -> bool:
    """Whether what a browser said before becomes part of `known`.

    Never when that browser's profile belongs to somebody already: on a shared device the second
    person would inherit the first one's answers. Nor where an admin may not make the two one either.
    """
    is_alive = known.merged_into is None and anonymous.merged_into is None
    is_free = known.id != anonymous.id and not anonymous.is_identified
    return is_alive and is_free and why_apart(known, anonymous) is None


def by_survival(profiles: Iterable[Profile]) -> list[Profile]:
    """Return the profiles with the one that survives a merge first, whatever order they came in.

    Identified before anonymous, then older, then the smaller id: racing merges of the same people agree.
    """
    return sorted(profiles, key=lambda each: (not each.is_identified, each.created_at, each.id))


def why_apart(kept: Profile, gone: Profile) -> str | None:
    """Return why nobody may make these two one, or None."""
    if gone.id in kept.kept_apart or kept.id in gone.kept_apart:
        return "These profiles were split once and are to be kept apart."
    if len(kept.identities) + len(gone.identities) > MAX_IDENTITIES:
        return f"Together they would have more than {MAX_IDENTITIES} identities; no person has."
    return None


def divided(
    now: Profile, kept: Profile, gone: Profile, *, keep_apart: bool = False
) -> tuple[Profile, Profile]:
    """Take a merge back: return who stays and who comes back, given both as they were before it.

    What came with `gone` returns to it; what it had displaced comes back; what was said since stays. What
    was taken away since comes back to neither: an identity that was unlinked, what a source took back.
    """
    came = {claim.id for claims in gone.claims.values() for claim in claims}
    since = _said_since(now, kept, gone)
    stays = replace(
        now,
        created_at=kept.created_at if now.created_at == gone.created_at else now.created_at,
        identities=tuple(each for each in now.identities if each.ref not in _own_refs(gone, kept)),
        claims={key: _without(came, claims, kept.claims.get(key, ())) for key, claims in now.claims.items()},
        visits=now.visits - gone.visits,
        logins=now.logins - gone.logins,
        questions=_given_back(now.questions, kept.questions, _summed(kept.questions, gone.questions)),
        enrichments=_given_back(
            now.enrichments, kept.enrichments, _later(kept.enrichments, gone.enrichments)
        ),
        consents={**kept.consents, **since},
        events=apart(now.events, kept.events, gone.events),
        kept_apart=(*now.kept_apart, gone.id) if keep_apart else now.kept_apart,
    )
    kept_apart = (*gone.kept_apart, now.id) if keep_apart else gone.kept_apart
    refused = {key: said for key, said in since.items() if said.state is not ConsentState.GRANTED}
    returns = replace(
        gone,
        version=now.version,
        identities=_still(gone, now),
        claims={key: _upheld(claims, now.claims.get(key, ())) for key, claims in gone.claims.items()},
        kept_apart=kept_apart,
        consents={**gone.consents, **refused},
    )
    return _without_empty(stays), _without_empty(returns)


def _without_empty(profile: Profile) -> Profile:
    return replace(profile, claims={key: claims for key, claims in profile.claims.items() if claims})


def _still(before: Profile, now: Profile) -> tuple[Identity, ...]:
    left = {each.ref for each in now.identities}
    return tuple(each for each in before.identities if each.ref in left)


def _own_refs(gone: Profile, kept: Profile) -> set[IdentityRef]:
    return {each.ref for each in gone.identities} - {each.ref for each in kept.identities}


def _said_since(now: Profile, kept: Profile, gone: Profile) -> dict[str, Consent]:
    """Return what was said to purposes since the merge: it counts for who stays, and a refusal for both."""
    return {
        key: said
        for key, said in now.consents.items()
        if said not in (kept.consents.get(key), gone.consents.get(key))
    }


def _without(
    came: AbstractSet[ClaimId], claims: tuple[Claim, ...], before: tuple[Claim, ...]
) -> tuple[Claim, ...]:
    """Drop the claims that came with the other; where one had displaced our own, that is back."""
    own = {claim.source.slug: claim for claim in _upheld(before, claims) if claim.id not in came}
    stayed = {claim.source.slug: claim for claim in claims if claim.id not in came}
    return tuple({**own, **stayed}.values())


def _upheld(before: tuple[Claim, ...], now: tuple[Claim, ...]) -> tuple[Claim, ...]:
    """Drop the claims of sources that say nothing any more: they took it back since."""
    saying = {claim.source.slug for claim in now}
    return tuple(claim for claim in before if claim.source.slug in saying)


def _given_back(
    now: Mapping[str, Mapping[str, Any]],
    kept: Mapping[str, Mapping[str, Any]],
    merged: Mapping[str, Mapping[str, Any]],
) -> dict[str, Mapping[str, Any]]:
    """Drop the entries that are still as the merge made them, in favour of our own from before."""
    stayed = {key: entry for key, entry in now.items() if entry != merged.get(key)}
    return {**{key: entry for key, entry in kept.items() if key in now}, **stayed}


def folded(known: Profile, anonymous: Profile) -> Profile:
    """Return `known` with all of `anonymous` added; of two statements by one source the later stays."""
    return replace(
        known,
        created_at=min(known.created_at, anonymous.created_at),
        identities=_identities(known, anonymous),
        claims=_claims(known, anonymous),
        visits=known.visits + anonymous.visits,
        logins=known.logins + anonymous.logins,
        visit=known.visit or anonymous.visit,
        consents=strictest(known.consents, anonymous.consents),
        dismissals={**known.dismissals, **anonymous.dismissals},
        kept_apart=tuple(dict.fromkeys((*known.kept_apart, *anonymous.kept_apart))),
        events=together(known.events, anonymous.events),
        event_ids=ids_together(known.event_ids, anonymous.event_ids),
        questions=_summed(known.questions, anonymous.questions),
        enrichments=_later(known.enrichments, anonymous.enrichments),
    )


def displaced(merged: Profile, *parts: Profile) -> Iterator[tuple[ProfileId, Claim]]:
    """Yield the claims of the parts that the whole has no room for, with the profile that held each."""
    stays = {claim.id for claims in merged.claims.values() for claim in claims}
    for part in parts:
        for claims in part.claims.values():
            yield from ((part.id, claim) for claim in claims if claim.id not in stays)


def _identities(known: Profile, anonymous: Profile) -> tuple[Identity, ...]:
    by_key: dict[str, Identity] = {}
    for identity in (*known.identities, *anonymous.identities):
        other = by_key.get(identity.ref.key, identity)
        by_key[identity.ref.key] = replace(
            identity,
            first_seen_at=min(identity.first_seen_at, other.first_seen_at),
            last_seen_at=max(identity.last_seen_at, other.last_seen_at),
        )
    return tuple(by_key.values())


def _claims(known: Profile, anonymous: Profile) -> dict[AttributeId, tuple[Claim, ...]]:
    return {
        attribute_id: _latest_per_source(
            (*known.claims.get(attribute_id, ()), *anonymous.claims.get(attribute_id, ()))
        )
        for attribute_id in {**known.claims, **anonymous.claims}
    }


def _latest_per_source(claims: tuple[Claim, ...]) -> tuple[Claim, ...]:
    by_source: dict[str, Claim] = {}
    for claim in sorted(claims, key=lambda each: (each.observed_at, each.id)):
        by_source[claim.source.slug] = claim
    return tuple(by_source.values())


def _later(
    known: Mapping[str, Mapping[str, Any]], anonymous: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """Join the parts that other domains keep: of two entries with one key the one with the later `at`."""
    together = dict(known)
    for key, entry in anonymous.items():
        if key not in together or entry["at"] > together[key]["at"]:
            together[key] = entry
    return together


def _summed(
    known: Mapping[str, Mapping[str, Any]], anonymous: Mapping[str, Mapping[str, Any]]
) -> dict[str, Mapping[str, Any]]:
    """Join what both remember of questions: the later outcome, after as many asks as both had together.

    What was seen and left on either side stays so: such a show bears the number of outcomes before it.
    """
    joined = _later(known, anonymous)
    for key in known.keys() & anonymous.keys():
        both = (known[key], anonymous[key])
        total = sum(each["n"] for each in both)
        joined[key] = {
            **joined[key],
            "n": total,
            "seen": sum(each.get("seen", 0) for each in both),
            "times": [time for each in both for time in each.get("times", ())],
            "shows": [
                {**show, "n": total if show["n"] == each["n"] else show["n"]}
                for each in both
                for show in each.get("shows", ())
            ],
        }
    return joined
