"""Pseudonyms of names keep what names are to one another."""

from hypothesis import given
from hypothesis import strategies as st

from check_autodiscover.core.model.names import matches_dns_id, misspelt, parse_host
from check_autodiscover.core.redaction.pseudonyms import Names
from tests.core.suffixes import suffix_of

CONTOSO = ("contoso.com", "autodiscover.contoso.com", "_autodiscover._tcp.contoso.com", "remote.contoso.com")

labels = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
domains = st.builds("{}.{}".format, labels, st.sampled_from(("com", "co.uk", "example", "internal")))
hosts = st.one_of(domains, st.builds("{}.{}".format, labels, domains))
many = st.lists(hosts, min_size=1, max_size=12, unique=True)


def names_of(*names: str, presented: tuple[str, ...] = (), contacted: tuple[str, ...] = ()) -> Names:
    return Names((*names, *presented, *contacted), presented, contacted, suffix_of)


@given(many)
def test_different_names_stay_different_and_in_their_order(names: list[str]) -> None:
    pseudonyms = [names_of(*names).of(name) for name in sorted(names)]
    assert pseudonyms == sorted(set(pseudonyms))


@given(many)
def test_no_label_is_left_but_public_and_well_known_ones(names: list[str]) -> None:
    made = names_of(*names)
    own = {name.removesuffix(f".{suffix_of(name) or 'internal'}").rpartition(".")[2] for name in names}
    public = {"com", "co", "uk", "example", "internal", "autodiscover", "www", "invalid"}
    assert not (own - public) & {label for name in names for label in made.of(name).split(".")}


@given(many)
def test_pseudonyms_are_names_that_can_be_asked_for(names: list[str]) -> None:
    made = names_of(*names)
    assert all(parse_host(made.of(name)) == made.of(name) for name in names)


@given(many)
def test_names_that_are_no_misspellings_become_none(names: list[str]) -> None:
    made = names_of(*names)
    for name in names:
        for other in names:
            assert misspelt(made.of(name), made.of(other)) == 0 or misspelt(name, other)


def test_parents_wildcards_and_what_clients_put_before_a_domain_stay() -> None:
    made = names_of(*CONTOSO, "*.contoso.com", "*.remote.contoso.com")
    domain, autodiscover, srv, remote = map(made.of, CONTOSO)
    assert autodiscover == f"autodiscover.{domain}"
    assert srv == f"_autodiscover._tcp.{domain}"
    assert remote == f"remote.{domain}"
    assert made.of("*.contoso.com") == f"*.{domain}"
    assert matches_dns_id(made.of("*.contoso.com"), remote)
    assert not matches_dns_id(made.of("*.remote.contoso.com"), remote)


def test_a_well_known_label_that_is_somebodys_own_name_goes() -> None:
    made = names_of("mail.com", "autodiscover.mail.com", "mail.contoso.com")
    assert "mail" not in made.of("mail.com")
    assert "mail" not in made.of("mail.contoso.com")


def test_the_public_suffix_and_microsofts_cloud_stay_and_a_tenants_name_goes() -> None:
    made = names_of("contoso.co.uk", "autodiscover.outlook.com", "contoso-com.mail.protection.outlook.com")
    assert made.of("contoso.co.uk").endswith(".co.uk")
    assert made.of("autodiscover.outlook.com") == "autodiscover.outlook.com"
    tenant = made.of("contoso-com.mail.protection.outlook.com")
    assert tenant.endswith(".outlook.com")
    assert "contoso" not in tenant


def test_an_internationalised_label_becomes_another_one_that_idna_knows() -> None:
    made = names_of("xn--mnchen-3ya.example", "xn--bcher-kva.example", "b.example")
    first, second = made.of("xn--mnchen-3ya.example"), made.of("xn--bcher-kva.example")
    assert first != second
    for name in (first, second):
        assert name.startswith("xn--")
        assert parse_host(name) == name


def test_a_misspelling_stays_one_by_as_many_slips() -> None:
    wanted = ("remote.contoso.com", "autodiscover.contoso.com")
    slips = ("remote.contsoo.com", "remote.cntso.com", "autodicsover.contoso.com", "*.contosso.com")
    made = names_of("contoso.com", presented=slips, contacted=wanted)
    for name in slips:
        for meant in wanted:
            assert misspelt(made.of(name), made.of(meant)) == misspelt(name, meant), (name, meant)


def test_what_is_no_host_name_stays_none() -> None:
    made = names_of("f*.contoso.com", "contoso.42", "b\u00fccher.contoso.com", "")
    assert "*" in made.of("f*.contoso.com").partition(".")[0]
    assert made.of("contoso.42").endswith(".42")
    assert not made.of("b\u00fccher.contoso.com").isascii()
    assert made.of("") == ""
