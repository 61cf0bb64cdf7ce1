"""The worlds themselves: what the other tests of this folder rest on is so."""

from tests.stack.bind import DnsView
from tests.stack.nginx import Behaviour, Site
from tests.stack.world import FOREIGN, INSIDE, OUTSIDE, SERVER_INSIDE, SERVER_OUTSIDE, World


def _ask(world: World, server: str, name: str, type_: str = "A") -> str:
    return world.namespace.run("dig", f"@{server}", "+time=2", "+short", name, type_).stdout.strip()


def _request(world: World, *arguments: str) -> str:
    return world.namespace.run("curl", "--silent", "--show-error", "--include", *arguments).stdout


def test_each_view_answers_by_the_address_that_is_asked(world: World) -> None:
    world.publish(
        DnsView("inside", INSIDE, (f"remote A {SERVER_INSIDE}",)),
        DnsView("outside", OUTSIDE, (f"remote A {SERVER_OUTSIDE}",)),
    )
    assert _ask(world, INSIDE, "remote.contoso.test") == SERVER_INSIDE
    assert _ask(world, OUTSIDE, "remote.contoso.test") == SERVER_OUTSIDE


def test_a_dynamic_update_changes_one_view_at_once(world: World) -> None:
    world.publish(DnsView("inside", INSIDE, ()), DnsView("outside", OUTSIDE, ()))
    world.update("outside", f"add autodiscover.contoso.test 60 A {FOREIGN}")
    assert _ask(world, OUTSIDE, "autodiscover.contoso.test") == FOREIGN
    assert _ask(world, INSIDE, "autodiscover.contoso.test") == ""


def test_names_outside_the_domain_do_not_exist(world: World) -> None:
    world.publish(DnsView("outside", OUTSIDE, ()))
    answer = world.namespace.run("dig", f"@{OUTSIDE}", "nosuch.invalid").stdout
    assert "status: NXDOMAIN" in answer
    assert "ra;" in answer


def test_exchange_asks_for_a_password_on_get_and_post_with_a_trusted_certificate(world: World) -> None:
    world.serve_exchange("remote.contoso.test")
    place = (
        "--cacert",
        str(world.authority.anchor),
        "--resolve",
        f"remote.contoso.test:443:{SERVER_OUTSIDE}",
        "https://remote.contoso.test/autodiscover/autodiscover.xml",
    )
    for answer in (_request(world, *place), _request(world, "--data", "<x/>", *place)):
        assert answer.startswith(("HTTP/1.1 401", "HTTP/2 401"))
        assert "WWW-Authenticate: Negotiate" in answer
        assert "X-FEServer: EX1" in answer


def test_a_hoster_shows_a_page_and_a_redirector_sends_on(world: World) -> None:
    world.serve(
        Site(FOREIGN, Behaviour.HOSTER, world.certificate("*.hoster.example")),
        Site(FOREIGN, Behaviour.REDIRECT),
    )
    assert "parked" in _request(world, "--insecure", f"https://{FOREIGN}/autodiscover/autodiscover.xml")
    redirect = _request(world, f"http://{FOREIGN}/autodiscover/autodiscover.xml")
    assert "Location: https://exchange.hosting.test/autodiscover/autodiscover.xml" in redirect
