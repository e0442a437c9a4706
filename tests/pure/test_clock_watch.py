"""Noticing that a machine's clock stands still, from what it computes and what it answers."""

from __future__ import annotations

from raslab.machine.standstill import ASK_S, ITSELF_S, OTHERS_S, Standstill


def answer(moment_s: float, *names: str) -> bytes:
    """What the guest says."""
    return round(moment_s * 1e9).to_bytes(8, "little") + "".join(f"{name}\n" for name in names).encode()


def silence(watch: Standstill, seconds: float, *names: str, moves: float = 0.0, answers: bool = True) -> list[str]:
    """Compute so long without a word, asked when the watch wants to; what is told meanwhile."""
    told = []
    for number in range(round(seconds * 2) + 1):
        computed_s = 100 + number / 2
        if sentence := watch.sentence(computed_s):
            told.append(sentence)
        if watch.look(computed_s) and answers:
            watch.answer(answer(5 + moves * computed_s, *names), computed_s)
    return told


def test_programs_that_never_wait_are_named_once() -> None:
    (told,) = silence(Standstill(), OTHERS_S + 3 * ASK_S, "iperf3", "iperf3", "nc")
    assert "has stood still for" in told
    assert "iperf3 and nc never waits" in told
    assert "rate_mbps=100" in told


def test_the_command_itself_may_compute_longer() -> None:
    assert silence(Standstill(), ITSELF_S - 1, "*python") == []
    (told,) = silence(Standstill(), ITSELF_S + 2 * ASK_S, "*python")
    assert ": python never waits" in told


def test_a_guest_that_does_not_even_answer() -> None:
    assert silence(Standstill(), ITSELF_S - 1, answers=False) == []
    (told,) = silence(Standstill(), ITSELF_S + 2 * ASK_S, answers=False)
    assert ": a program never waits" in told


def test_a_clock_that_moves_is_no_news() -> None:
    assert silence(Standstill(), 10 * ITSELF_S, "iperf3", moves=0.1) == []


def test_a_word_of_the_machine_ends_a_silence() -> None:
    watch = Standstill()
    for _ in range(10):
        assert silence(watch, OTHERS_S - 1, "iperf3") == []
        watch.heard()
