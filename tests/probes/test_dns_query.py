"""The queries that we write: what the library would have written, and nothing for names that no query can hold."""

from dataclasses import replace

import dns.flags
import dns.message
import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.core.model.observations import DnsQuestion, RecordType
from check_autodiscover.probes.dns.wire import encode

LABELS = st.lists(st.binary(min_size=1, max_size=63), max_size=5).filter(lambda labels: sum(map(len, labels)) < 240)
QUESTION = DnsQuestion("outside", "192.0.2.53", "autodiscover.example.com", RecordType.A)


@given(LABELS, st.sampled_from(RecordType), st.integers(0, 0xFFFF), st.booleans(), st.booleans(), st.booleans())
def test_query_is_what_dnspython_writes(
    labels: list[bytes], type_: RecordType, number: int, edns: bool, direct: bool, checking_disabled: bool
) -> None:
    name = dns.name.Name((*labels, b""))
    text = name.to_text(omit_final_dot=True) if labels else ""
    expected = dns.message.make_query(
        name,
        type_.value,
        use_edns=0 if edns else False,
        want_dnssec=edns,
        payload=1232 if edns else None,
        id=number,
    )
    expected.flags = dns.flags.Flag((0 if direct else dns.flags.RD) | (dns.flags.CD if checking_disabled else 0))
    question = DnsQuestion("", "192.0.2.53", text, type_, direct, checking_disabled)
    assert encode(question, number, edns=edns) == expected.to_wire()


@pytest.mark.parametrize(
    "name",
    [".", "a..b", ".a", "a" * 64, ".".join(["a" * 49] * 6), "straße.example", "a\\", "a\\999", "\\065" * 64],
    ids=["dot", "empty", "first", "label", "long", "not-ascii", "half", "code", "escaped"],
)
def test_name_that_no_query_can_hold_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=r"not a domain name|ascii"):
        encode(replace(QUESTION, name=name), 1, edns=True)
