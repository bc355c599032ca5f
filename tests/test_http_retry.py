from __future__ import annotations

import pytest

from conda_lockstep.http_retry import backoff, is_transient, retry_after

NOW = 1_700_000_000.0  # Tue, 14 Nov 2023 22:13:20 GMT


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7.0),
        (" 120 ", 120.0),
        ("0", 0.0),
        ("Tue, 14 Nov 2023 22:14:20 GMT", 60.0),
        ("Tue, 14 Nov 2023 22:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("1.5", None),
        ("٣", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 504, 520, 599])
def test_a_passing_fault_is_worth_another_try(status: int) -> None:
    assert is_transient(status)


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 407, 410, 416, 422, 501, 505])
def test_a_final_answer_is_not(status: int) -> None:
    assert not is_transient(status)


def test_each_wait_is_twice_the_one_before_up_to_the_longest() -> None:
    assert [backoff(failures, 1.0, 30.0) for failures in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert [backoff(failures, 0.25) for failures in range(1, 4)] == [0.25, 0.5, 1.0]
