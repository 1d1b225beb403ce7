"""No datagram is believed that was forged, changed or heard before; whatever is fresh and whole is believed once."""

from __future__ import annotations

import hashlib
import hmac
import os
import random

import pytest

from neurula.link.udp_auth import (
    ACCEPT_BYTES,
    DATA,
    DATAGRAM_MAX,
    KEY_BYTES,
    NONCE_BYTES,
    OPEN_BYTES,
    OVERHEAD_BYTES,
    PAYLOAD_MAX,
    TAG_BYTES,
    WINDOW,
    BoardAuth,
    HostAuth,
    Opener,
    Sealer,
    Tagger,
)

EVIL = int(os.environ.get("NEURULA_UDP_FRAMES", "1000000"))
KEY = bytes(range(KEY_BYTES))


@pytest.fixture
def chance() -> random.Random:
    seed = random.randrange(1 << 30)
    print("seed", seed)
    return random.Random(seed)


def session(key: bytes = KEY) -> tuple[HostAuth, BoardAuth]:
    """Two ends that have greeted each other."""
    host, board = HostAuth(key), BoardAuth(key)
    _, answer = board.take(host.greeting())
    assert answer is not None
    assert host.take(answer) is None
    assert host.channel is not None
    assert board.take(host.channel.seal(b"first")) == (b"first", None)
    return host, board


def sealed(host: HostAuth, payload: bytes) -> bytes:
    assert host.channel is not None
    return host.channel.seal(payload)


def test_tags_are_hmac_sha256_as_everybody_else_computes_it(chance: random.Random) -> None:
    for _ in range(300):
        key, data = chance.randbytes(KEY_BYTES), chance.randbytes(chance.randint(0, 300))
        assert Tagger(key).tag(data) == hmac.digest(key, data, hashlib.sha256)[:TAG_BYTES]
        assert Tagger(key).derive(data) == hmac.digest(key, data, hashlib.sha256)


def test_a_million_forged_changed_or_repeated_datagrams_and_none_is_believed(chance: random.Random) -> None:
    """Fresh ones in between keep the window where the evil ones are, so that it is the tag that refuses them."""
    key = chance.randbytes(KEY_BYTES)
    sealer, opener = Sealer(key), Opener(key)
    foreign = Sealer(chance.randbytes(KEY_BYTES))
    taken: list[bytes] = []
    believed = evil = 0
    while evil < EVIL:
        withheld = sealer.seal(chance.randbytes(chance.randint(0, 60)))  # never delivered: its counter stays free
        fresh = sealer.seal(chance.randbytes(30))
        assert opener.open(fresh) == fresh[9:-TAG_BYTES]
        taken.append(fresh)
        foreign.counter = sealer.counter
        for _ in range(100):
            changed = bytearray(withheld)
            for _ in range(chance.choice((1, 1, 1, 2, 8))):
                changed[int(chance.random() * len(changed))] ^= 1 << int(chance.random() * 8)
            believed += opener.open(bytes(changed)) is not None and bytes(changed) != withheld
        for _ in range(30):
            cut = int(chance.random() * len(withheld))
            believed += opener.open(withheld[:cut]) is not None
            believed += opener.open(withheld[:-TAG_BYTES] + chance.randbytes(TAG_BYTES)) is not None
        for repeated in (*taken[-70:], *chance.choices(taken, k=30)):
            believed += opener.open(repeated) is not None
        for _ in range(20):
            believed += opener.open(foreign.seal(b"foreign")) is not None
            believed += opener.open(b"\x13" + chance.randbytes(int(chance.random() * 60))) is not None
        evil += 100 + 60 + len(taken[-70:]) + 30 + 40
    print(f"{evil:,} evil datagrams, {believed} believed, {len(taken):,} fresh ones between them")
    assert believed == 0


def test_the_window_takes_each_of_the_last_64_once_in_any_order(chance: random.Random) -> None:
    for _ in range(100):
        sealer, opener = Sealer(KEY), Opener(KEY)
        for _ in range(chance.randint(0, 200)):
            assert opener.open(sealer.seal(b"")) == b""
        batch = [sealer.seal(bytes([number])) for number in range(WINDOW)]
        chance.shuffle(batch)
        assert [opener.open(datagram) for datagram in batch] == [datagram[9:10] for datagram in batch]
        assert [opener.open(datagram) for datagram in batch] == [None] * WINDOW


def test_what_lies_64_behind_the_newest_is_too_old() -> None:
    sealer = Sealer(KEY)
    batch = [sealer.seal(b"x") for _ in range(WINDOW + 1)]
    opener = Opener(KEY)
    assert opener.open(batch[WINDOW]) == b"x"
    assert opener.open(batch[0]) is None
    assert opener.open(batch[1]) == b"x"


def test_the_window_agrees_with_a_plain_set_over_any_traffic(chance: random.Random) -> None:
    sealer, opener = Sealer(KEY), Opener(KEY)
    known: list[tuple[int, bytes]] = []
    seen: set[int] = set()
    highest = 0
    for _ in range(20_000):
        if not known or chance.random() < 0.6:
            if known and chance.random() < 0.02:
                sealer.counter += chance.choice((1, 62, 63, 64, 65, 1000, 1 << 40))
            datagram = sealer.seal(b"")
            known.append((sealer.counter, datagram))
        counter, datagram = known[-1] if chance.random() < 0.5 else chance.choice(known[-150:])
        expected = counter not in seen and counter > highest - WINDOW
        assert (opener.open(datagram) is not None) == expected
        if expected:
            seen.add(counter)
            highest = max(highest, counter)
    assert len(seen) > 5000


def test_counters_reach_to_the_end_of_64_bits_and_never_come_round() -> None:
    sealer, opener = Sealer(KEY, (1 << 64) - 3), Opener(KEY)
    assert [opener.open(sealer.seal(b"x")) for _ in range(2)] == [b"x", b"x"]
    with pytest.raises(OverflowError):
        sealer.seal(b"x")
    zero = Tagger(KEY).signed(bytes([DATA]) + bytes(8) + b"x")
    assert Opener(KEY).open(zero) is None


def test_the_longest_payload_passes_and_a_longer_one_is_not_sent() -> None:
    sealer, opener = Sealer(KEY), Opener(KEY)
    longest = bytes(PAYLOAD_MAX)
    datagram = sealer.seal(longest)
    assert len(datagram) == DATAGRAM_MAX == PAYLOAD_MAX + OVERHEAD_BYTES
    assert opener.open(datagram) == longest
    with pytest.raises(ValueError, match="at most"):
        sealer.seal(bytes(PAYLOAD_MAX + 1))


# ---- sessions ----------------------------------------------------------------------------------------------------------------


def test_both_directions_work_and_do_not_take_each_others_datagrams() -> None:
    host, board = session()
    assert board.channel is not None
    from_host, from_board = sealed(host, b"to board"), board.channel.seal(b"to host")
    assert host.take(from_host) is None
    assert board.take(from_board) == (None, None)
    assert board.take(from_host) == (b"to board", None)
    assert host.take(from_board) == b"to host"


def test_nothing_recorded_is_believed_after_either_end_has_restarted(chance: random.Random) -> None:
    host, board = session()
    assert board.channel is not None
    recorded_opening = HostAuth(KEY).greeting()
    recorded = [sealed(host, b"go") for _ in range(100)]
    answers = [board.channel.seal(b"fine") for _ in range(100)]
    board = BoardAuth(KEY)  # the board restarts, and the old host's datagrams come again
    board.take(recorded_opening)
    assert [board.take(datagram) for datagram in recorded] == [(None, None)] * 100
    again = HostAuth(KEY)  # the host restarts, too
    _, acceptance = board.take(again.greeting())
    assert acceptance is not None
    again.take(acceptance)
    assert [again.take(datagram) for datagram in answers] == [None] * 100
    assert [board.take(datagram) for datagram in recorded] == [(None, None)] * 100
    assert board.take(sealed(again, b"new")) == (b"new", None)


def test_a_recorded_greeting_does_not_disturb_the_session_that_is(chance: random.Random) -> None:
    recorded = [HostAuth(KEY).greeting() for _ in range(50)]
    host, board = session()
    for greeting in recorded:
        assert board.take(greeting)[1] is not None
        assert board.take(sealed(host, b"go on")) == (b"go on", None)


def test_greetings_and_answers_may_be_lost_doubled_and_late(chance: random.Random) -> None:
    for _ in range(300):
        host, board = HostAuth(KEY), BoardAuth(KEY)
        to_board: list[bytes] = []
        to_host: list[bytes] = []
        for attempt in range(500):
            if host.channel is None or chance.random() < 0.1:
                to_board.append(host.greeting())
            if host.channel is not None:
                to_board.append(sealed(host, bytes([attempt & 255])))
            if to_board and chance.random() < 0.7:
                payload, answer = board.take(chance.choice(to_board[-6:]))
                if payload is not None:
                    break
                if answer is not None:
                    to_host.append(answer)
            if to_host and chance.random() < 0.7:
                host.take(chance.choice(to_host[-6:]))
        else:
            pytest.fail("no session came about")


def test_what_is_under_way_while_a_session_is_renewed_still_counts() -> None:
    host, board = session()
    assert board.channel is not None
    late = board.channel.seal(b"late")
    _, acceptance = board.take(host.greeting())
    assert acceptance is not None
    host.take(acceptance)
    assert host.take(late) == b"late"
    assert board.take(sealed(host, b"renewed")) == (b"renewed", None)
    assert host.take(late) is None


def test_another_key_opens_nothing() -> None:
    host, board = HostAuth(KEY), BoardAuth(os.urandom(KEY_BYTES))
    assert board.take(host.greeting()) == (None, None)
    _, answer = board.take(HostAuth(board._tagger.derive(b"other")).greeting())
    assert answer is None
    assert board.refused == 2


def test_forged_greetings_and_acceptances_are_refused(chance: random.Random) -> None:
    host, board = HostAuth(KEY), BoardAuth(KEY)
    greeting = host.greeting()
    _, acceptance = board.take(greeting)
    assert acceptance is not None
    for good, take in ((greeting, lambda d: board.take(d)[1]), (acceptance, lambda d: host.take(d) or host.channel)):
        for _ in range(3000):
            changed = bytearray(good)
            changed[chance.randrange(len(good))] ^= 1 << chance.randrange(8)
            assert take(bytes(changed)) is None
        for size in range(len(good)):
            assert take(good[:size]) is None
        assert take(good + b"\0") is None
    assert len(greeting) == OPEN_BYTES
    assert len(acceptance) == ACCEPT_BYTES
    stale = HostAuth(KEY)
    stale.greeting()
    stale.take(acceptance)  # another host's
    assert stale.channel is None


def test_each_session_has_keys_of_its_own() -> None:
    seen = set()
    for _ in range(50):
        host, _ = session()
        seen.add(sealed(host, b"same")[-TAG_BYTES:])
    assert len(seen) == 50
    fixed = HostAuth(KEY, lambda: bytes(NONCE_BYTES))
    assert fixed.greeting() == fixed.greeting()
