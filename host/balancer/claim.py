"""When a balancer may claim the virtual IP: a state, and what each event makes of it. No input, no output."""

from dataclasses import dataclass, replace

# Events: what Keepalived says (MASTER, BACKUP, ...), what EC2 says of the holder (self, partly, nobody, dead,
# peer), claimed, paused, and settled (BACKUP for long enough to have heard the peer).
# Phases: IDLE is not master; PENDING claims until EC2 agrees; UNSURE asks EC2 before it acts; HELD has it;
# YIELDED reports a fault until Keepalived gives up being master.
IDLE, PENDING, UNSURE, HELD, YIELDED = "idle", "pending", "unsure", "held", "yielded"


@dataclass(frozen=True)
class Claim:
    """`wary`: it yielded or was paused and has not heard its peer since, so it asks before it claims."""

    phase: str = IDLE
    wary: bool = False


def after(claim: Claim, event: str) -> Claim:
    """The state once an event has come."""
    phase = claim.phase
    if event == "MASTER" and phase == IDLE:
        return replace(claim, phase=UNSURE if claim.wary else PENDING)
    if event.startswith("MASTER"):
        return replace(claim, phase=UNSURE) if phase == HELD else claim
    if event.isupper():
        return replace(claim, phase=IDLE)
    if event == "settled":
        return replace(claim, wary=False)
    if event == "paused":
        return Claim(UNSURE if phase in (PENDING, HELD) else phase, True)
    if (event == "claimed" and phase == PENDING) or (event == "self" and phase in (UNSURE, HELD)):
        return Claim(HELD)
    if event in ("partly", "nobody", "dead") and phase in (UNSURE, HELD):
        return Claim(PENDING)
    if event == "peer" and phase in (UNSURE, HELD):
        return Claim(YIELDED, True)
    return claim
