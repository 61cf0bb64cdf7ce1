"""The incidents: for each row and method the world it is, made from a healthy one by the change the row names.

A healthy world of a method is what its administrator would publish; `auto` is judged in the world that its cell of
the table derives. Cells that cannot occur have no world.
"""

from collections.abc import Callable
from dataclasses import replace

from check_autodiscover.core.model.observations import (
    Connect,
    DnsStatus,
    Exchange,
    HttpAnswer,
    RecordType,
    Srv,
    VerifyError,
)
from check_autodiscover.core.model.policy import Expectations, Expected, Method, Policy
from tests.core.directories import asking, point
from tests.core.worlds import (
    APEX,
    AUTODISCOVER,
    CLOUD,
    DOMAIN,
    FOREIGN,
    PAGE,
    PASSWORD,
    SERVER,
    SETTINGS,
    SRV_NAME,
    Site,
    World,
    Zone,
    certificate,
    redirect,
    status,
    views,
)

A, AAAA, SRV = RecordType.A, RecordType.AAAA, RecordType.SRV
REMOTE, MAIL = "remote.contoso.com", "mail.contoso.com"
REDIRECT_HOST = "203.0.113.77"
URL = f"https://{REMOTE}/autodiscover/autodiscover.xml"

SINGLE = certificate(REMOTE)
MULTI = certificate(MAIL, AUTODISCOVER)
HOSTER = certificate("*.hoster.example", issuer="Hoster CA")

WEB = Site(certificate(DOMAIN, "www.contoso.com"), PAGE)
APEX_ZONE = Zone({DOMAIN: {A: (APEX,)}})

Make = Callable[[str], World | None]


def healthy(method: str) -> World:
    """The world of a method as it should be, both views alike, `--server` given where there is one."""
    zone, sites = APEX_ZONE, {APEX: WEB}
    servers: tuple[str, ...] = ()
    match method:
        case "srv":
            zone = zone.with_(REMOTE, A, SERVER).with_(SRV_NAME, SRV, Srv(0, 0, 443, REMOTE))
            sites, servers = {**sites, SERVER: Site(SINGLE)}, (REMOTE,)
        case "host":
            zone = zone.with_(MAIL, A, SERVER).with_(AUTODISCOVER, A, SERVER)
            sites, servers = {**sites, SERVER: Site(MULTI)}, (MAIL,)
        case "exchange-online":
            zone = zone.with_(AUTODISCOVER, "CNAME", CLOUD).with_(CLOUD, A, "52.97.0.1")
        case "redirect":
            zone = zone.with_(REMOTE, A, SERVER).with_(AUTODISCOVER, A, REDIRECT_HOST)
            hop = Site(http=Connect.CONNECTED, http_answer=redirect(URL))
            sites, servers = {**sites, SERVER: Site(SINGLE), REDIRECT_HOST: hop}, (REMOTE,)
    policy = Policy(views=views("inside", "outside"), method=Method(method), servers=servers)
    return World({"inside": zone, "outside": zone}, sites, policy)


def auto(world: World) -> World:
    """A world judged without a declared method."""
    return world.with_policy(method=Method.AUTO)


def based(method: str, base: str) -> World:
    """The healthy world for a method; for `auto` the one of `base`."""
    return auto(healthy(base)) if method == "auto" else healthy(method)


def as_method(method: str, world: World) -> World:
    """One and the same world, judged by another method."""
    return world.with_policy(method=Method(method))


def at_intended(method: str, base: str, site: Site) -> World | None:
    """Another site at the intended endpoint, where there is one that is ours."""
    world = based(method, base)
    return world if method in ("none", "exchange-online") else world.site(SERVER, site)


def certificate_of(method: str) -> Site:
    """The healthy site of a method."""
    return Site(MULTI if method in ("host", "auto") else SINGLE)


def row_1(method: str) -> World:
    world = healthy("srv").zone(lambda zone: zone.with_(AUTODISCOVER, A, SERVER))
    return as_method(method, world)


def row_2(method: str) -> World:
    return row_1(method).zone(lambda zone: zone.without(SRV_NAME))


def row_2_multi_name() -> World:
    return row_2("auto").site(SERVER, Site(certificate(REMOTE, "www.contoso.com")))


def row_3(method: str) -> World:
    if method in ("srv", "auto"):
        dead = "203.0.113.11"
        return as_method(method, healthy("srv").zone(lambda zone: zone.with_(AUTODISCOVER, A, dead)))
    world = healthy(method).zone(
        lambda zone: zone.without(AUTODISCOVER).with_(AUTODISCOVER, A, SERVER if method == "host" else "203.0.113.11")
    )
    return world.site(SERVER, Site()) if method == "host" else world


def row_4(method: str) -> World:
    return row_1(method).site(SERVER, Site(certificate(REMOTE, AUTODISCOVER)))


def wildcard(world: World, address: str, *names: str) -> World:
    return world.zone(lambda zone: zone.with_(f"*.{DOMAIN}", A, address), *names)


def row_5(method: str) -> World:
    base = healthy(method if method != "auto" else "srv").zone(lambda zone: zone.without(AUTODISCOVER))
    return wildcard(as_method(method, base), FOREIGN).site(FOREIGN, Site(HOSTER, PAGE))


def row_6(method: str) -> World:
    return row_5(method).site(FOREIGN, Site())


def row_7(method: str) -> World:
    return as_method(method, wildcard(healthy("srv"), SERVER))


def row_8(method: str) -> World:
    zone = APEX_ZONE.with_(f"*.{DOMAIN}", A, SERVER).with_(MAIL, A, SERVER)
    if method == "srv":
        zone = zone.with_(SRV_NAME, SRV, Srv(0, 0, 443, MAIL))
    policy = Policy(views=views("inside", "outside"), method=Method(method), servers=(MAIL,))
    return World({"inside": zone, "outside": zone}, {APEX: WEB, SERVER: Site(certificate("*.contoso.com"))}, policy)


def declared(world: World) -> World:
    return world.with_policy(expect=Expectations(wildcards=(Expected(DOMAIN),)))


def row_9(method: str) -> World:
    world = wildcard(based(method, "srv"), FOREIGN).site(FOREIGN, Site(HOSTER, PAGE))
    if method in ("host", "exchange-online", "redirect"):
        return world
    return world.zone(lambda zone: zone.with_(AUTODISCOVER, "TXT", "tombstone"))


def row_12(method: str) -> World:
    moved = healthy("host").zone(lambda zone: zone.with_(AUTODISCOVER, A, FOREIGN))
    if method == "srv":
        moved = moved.zone(lambda zone: zone.with_(SRV_NAME, SRV, Srv(0, 0, 443, MAIL)))
    return as_method(method, moved.site(FOREIGN, Site(HOSTER, PAGE)))


def row_12_no_reference() -> World:
    return row_12("auto").with_policy(servers=())


def row_13(method: str) -> World:
    return row_12(method).site(FOREIGN, Site(certificate(AUTODISCOVER, issuer="Free CA"), PASSWORD))


def row_13_no_reference() -> World:
    return row_13("auto").with_policy(servers=())


def row_14(method: str) -> World | None:
    if method in ("exchange-online", "none"):
        return None
    name = {"srv": REMOTE, "redirect": REMOTE}.get(method, MAIL)
    world = based(method, "host").zone(lambda zone: zone.with_(name, A, SERVER, FOREIGN))
    if method in ("host", "auto"):
        world = world.zone(lambda zone: zone.with_(AUTODISCOVER, A, SERVER, FOREIGN))
    return world.site(FOREIGN, Site(HOSTER, PAGE))


def row_14_expected() -> World:
    world = row_14("host")
    assert world is not None
    return world.with_policy(expect=Expectations(addresses=(Expected(SERVER),)))


def row_15(method: str) -> World:
    name = {"srv": REMOTE, "redirect": REMOTE}.get(method, AUTODISCOVER)
    if method in ("none", "exchange-online"):
        return healthy(method)
    world = based(method, "host").zone(lambda zone: zone.with_(name, AAAA, "2001:db8::10"))
    if method in ("host", "auto"):
        world = world.zone(lambda zone: zone.with_(MAIL, AAAA, "2001:db8::10"))
    return world.site("2001:db8::10", Site(SINGLE, https=Connect.TIMEOUT))


def row_16(method: str) -> World:
    return based(method, "srv").zone(lambda zone: zone.without(SRV_NAME), "inside")


def row_16_everywhere() -> World:
    return based("auto", "srv").zone(lambda zone: zone.without(SRV_NAME))


def with_srv(method: str, *records: Srv) -> World:
    return based(method, "srv").zone(lambda zone: zone.with_(SRV_NAME, SRV, *records))


def row_17(method: str) -> World:
    other = "exchange.contoso.com"
    world = with_srv(method, Srv(0, 0, 443, other)).zone(lambda zone: zone.with_(other, A, SERVER))
    return world.site(SERVER, Site(SINGLE)) if method in ("none", "exchange-online") else world


def row_17_no_server() -> World:
    return row_17("srv").with_policy(servers=())


def row_18(method: str) -> World:
    return with_srv(method, Srv(0, 0, 8443, REMOTE))


def row_19(method: str) -> World:
    return with_srv(method, Srv(0, 0, 443, f"{REMOTE}.{DOMAIN}"))


def row_19_dot(method: str) -> World:
    return with_srv(method, Srv(0, 0, 0, ""))


def row_22(method: str) -> World:
    return based(method, "srv").site(APEX, Site(certificate("www.contoso.com"), PAGE))


def row_23(method: str) -> World:
    return based(method, "srv").site(APEX, Site(SINGLE, https=Connect.TIMEOUT))


def row_24(method: str) -> World:
    return based(method, "srv").site(APEX, Site(WEB.certificate, SETTINGS))


def row_25(method: str) -> World | None:
    names = MULTI.dns_names if method in ("host", "auto") else (REMOTE,)
    return at_intended(method, "host", Site(certificate(*names, days=-3)))


def row_26(method: str, days: float) -> World | None:
    names = MULTI.dns_names if method in ("host", "auto") else (REMOTE,)
    return at_intended(method, "host", Site(certificate(*names, days=days)))


def row_27(method: str) -> World | None:
    if method == "exchange-online":
        return None
    name = MAIL if method in ("host", "auto") else REMOTE
    return based(method, "host").site(SERVER, Site(certificate(name, "www.contoso.com")))


def row_28(method: str) -> World:
    names = MULTI.dns_names if method in ("host", "auto") else (REMOTE,)
    world = at_intended(method, "host", Site(certificate(*names, key="new", issuer="Example CA 2")))
    assert world is not None
    return world


def row_29(method: str) -> World | None:
    site = certificate_of(method)
    return at_intended(method, "host", replace(site, errors=(VerifyError(20, 0), VerifyError(21, 0))))


def row_31(method: str, code: int = 404) -> World | None:
    return at_intended(method, "host", replace(certificate_of(method), answer=status(code)))


def row_32(method: str) -> World | None:
    return at_intended(method, "host", replace(certificate_of(method), answer=PAGE))


def row_32_no_server() -> World | None:
    world = row_32("auto")
    return world and world.with_policy(servers=())


def row_33(method: str) -> World | None:
    return at_intended(method, "host", Site())


def row_33_no_server() -> World | None:
    world = row_33("auto")
    return world and world.with_policy(servers=())


def row_38(method: str) -> World:
    world = healthy("redirect")
    if method == "srv":
        world = world.zone(lambda zone: zone.with_(SRV_NAME, SRV, Srv(0, 0, 443, REMOTE)))
    site = replace(world.sites[REDIRECT_HOST], certificate=HOSTER, answer=PAGE)
    return as_method(method, world.site(REDIRECT_HOST, site))


def row_40(method: str) -> World:
    private = "192.168.16.2"
    world = based(method, "host")
    changed = world.zone(
        lambda zone: Zone(
            {
                name: {key: tuple(private if item == SERVER else item for item in data) for key, data in types.items()}
                for name, types in zone.records.items()
            }
        ),
        "inside",
    )
    return changed.site(private, world.sites.get(SERVER, Site()))


def blind(world: World, view: str) -> World:
    return world.zone(lambda zone: replace(zone, failing={"": DnsStatus.TIMEOUT}), view)


def row_42(method: str) -> World:
    return blind(based(method, "host"), "outside")


def row_42_other_critical(method: str) -> World:
    if method in ("none", "exchange-online"):
        return blind(row_1(method), "outside")
    world = row_25(method)
    assert world is not None
    return blind(world, "outside")


def row_43(method: str) -> World:
    return based(method, "host").zone(lambda zone: replace(zone, failing={DOMAIN: DnsStatus.SERVFAIL}))


def row_47(method: str) -> World:
    name, address = "ex2.contoso.com", "192.0.2.22"
    new = certificate("ex2", "ex2.contoso.local")
    site = Site(replace(new, issuer=new.subject), errors=(VerifyError(18, 0),))
    world = based(method, "srv").zone(lambda zone: zone.with_(name, A, address), "inside").site(address, site)
    return asking(world, point(name, server="EX2"))


def row_48_before(method: str) -> World:
    if method in ("none", "exchange-online"):
        return replace(based(method, "host"), cut=(AUTODISCOVER,))
    return replace(based(method, "host"), cut=(SERVER,))


def row_48_after(method: str) -> World:
    return replace(based(method, "srv"), cut=(APEX,))


def row_10(method: str) -> World:
    world = row_4(method).zone(lambda zone: zone.without(SRV_NAME).with_(f"*.{DOMAIN}", "CNAME", "park.hoster.example"))
    return world.zone(lambda zone: zone.with_("park.hoster.example", A, FOREIGN))


def row_11(method: str) -> World:
    world = based(method, "srv").zone(lambda zone: zone.with_(REMOTE, A, SERVER).without(SRV_NAME))
    return world.zone(lambda zone: zone.with_(f"*._tcp.{DOMAIN}", SRV, Srv(0, 0, 443, REMOTE)))


def row_20(method: str) -> World:
    alias = "mail2.contoso.com"
    world = with_srv(method, Srv(0, 0, 443, REMOTE))
    return world.zone(lambda zone: zone.without(REMOTE).with_(REMOTE, "CNAME", alias).with_(alias, A, SERVER))


def row_21(method: str) -> World:
    other = "remote2.contoso.com"
    world = with_srv(method, Srv(0, 0, 443, REMOTE), Srv(10, 0, 443, other))
    world = world.zone(lambda zone: zone.with_(REMOTE, A, SERVER).with_(other, A, "203.0.113.12"))
    if method in ("srv", "auto"):
        world = world.with_policy(servers=(REMOTE, other))
    return world.site("203.0.113.12", Site(certificate(other)))


def row_21_one_broken(method: str) -> World:
    return row_21(method).site("203.0.113.12", Site())


def row_34(method: str, *names: str) -> World:
    return based(method, "exchange-online").zone(lambda zone: zone.without(AUTODISCOVER), *names)


def row_35(method: str) -> World:
    world = row_34(method).zone(lambda zone: zone.with_(AUTODISCOVER, A, FOREIGN))
    return world.site(FOREIGN, Site(certificate("cdn.example", issuer="CDN CA"), PAGE))


def row_36(method: str) -> World:
    world = healthy("exchange-online")
    if method == "srv":
        world = world.zone(lambda zone: zone.with_(REMOTE, A, SERVER).with_(SRV_NAME, SRV, Srv(0, 0, 443, REMOTE)))
        world = world.site(SERVER, Site(SINGLE))
    return as_method(method, world)


def row_37(method: str) -> World:
    world = based(method, "exchange-online").site("52.97.0.1", Site(HOSTER, https=Connect.TIMEOUT))
    changed = "autodiscover.ha-autod.office.example"
    return world.zone(lambda zone: zone.without(CLOUD).with_(CLOUD, "CNAME", changed).with_(changed, A, "52.97.0.9"))


def served(world: World, *serials: int, lame: str = "") -> World:
    """This world with two name servers of the domain's own, which serve the outside zone."""
    servers = {f"ns{index}.contoso.com": f"198.51.100.{53 + index}" for index in (1, 2)}
    world = world.zone(lambda zone: zone.with_(DOMAIN, RecordType.NS, *servers))
    for name, address in servers.items():
        world = world.zone(lambda zone, name=name, address=address: zone.with_(name, A, address))
    zones = {}
    for address, serial in zip(servers.values(), serials or (7, 7), strict=True):
        zone = replace(world.zones["outside"].with_(DOMAIN, RecordType.SOA, serial), authoritative=True)
        zones[address] = replace(zone, failing={"": DnsStatus.REFUSED}) if address == lame else zone
    return replace(world, resolvers={**world.resolvers, **zones})


def row_41(method: str) -> World:
    return served(based(method, "host"), lame="198.51.100.55")


def row_41_serial(method: str) -> World:
    return served(based(method, "host"), 7, 8)


def row_43_bogus(method: str) -> World:
    return based(method, "host").zone(lambda zone: replace(zone, bogus=(DOMAIN,)))


def row_43_lapsed(method: str) -> World:
    return based(method, "host").zone(lambda _: Zone())


def row_44(method: str) -> World:
    # The parked domain itself is a page without TLS; what the registrar's catch-all leads to has a certificate.
    parked = Zone({DOMAIN: {A: ("198.51.100.81",)}, f"*.{DOMAIN}": {A: (FOREIGN,)}})
    site = Site(HOSTER, PAGE, http=Connect.CONNECTED)
    return based(method, "host").zone(lambda _: parked).site(FOREIGN, site)


def row_45(method: str) -> World:
    return based(method, "host").zone(lambda zone: replace(zone, rewritten=FOREIGN))


def row_46(method: str) -> World:
    world = row_40(method)
    return world.site(SERVER, Site(SINGLE, https=Connect.TIMEOUT, http=Connect.TIMEOUT))


def row_46_not_connected(method: str) -> World:
    world = row_46(method)
    seen = tuple(replace(view, connect=view.name != "outside") for view in world.policy.views)
    return world.with_policy(views=seen)


def asks_for_a_certificate(site: Site) -> Site:
    """A site whose path demands a client certificate, as TLS 1.3 shows it: an alert after the request."""
    alert = HttpAnswer("GET", Exchange.RESET, detail="tlsv13 alert certificate required")
    return replace(site, answer=alert, asks=True)


def row_30(method: str) -> World | None:
    return at_intended(method, "host", asks_for_a_certificate(certificate_of(method)))


def row_30_path_only(method: str) -> World | None:
    return at_intended(method, "host", replace(certificate_of(method), answer=status(403), elsewhere=status(302)))


def row_39(method: str) -> World:
    return _row_39(method, "https://www.contoso.com/login", WEB.answer)


def row_39_loops(method: str) -> World:
    return _row_39(method, URL, redirect(URL))


def _row_39(method: str, target: str, there: HttpAnswer) -> World:
    """Port 80 redirects to this target, 443 is closed, and the target answers so; the SRV record is right if `srv`."""
    on_port_80 = Site(http=Connect.CONNECTED, http_answer=redirect(target))
    world = healthy("redirect").site(REDIRECT_HOST, on_port_80)
    if method == "host":
        world = healthy("host").zone(lambda zone: zone.with_(REMOTE, A, FOREIGN))
        return world.site(SERVER, on_port_80).site(FOREIGN, Site(SINGLE, there))
    if method == "srv":
        other = "exchange.contoso.com"
        world = world.zone(lambda zone: zone.with_(SRV_NAME, SRV, Srv(0, 0, 443, other)).with_(other, A, FOREIGN))
        world = world.site(FOREIGN, Site(certificate(other))).with_policy(servers=(other,))
    if method == "auto":
        world = world.with_policy(servers=())
    return as_method(method, world.site(SERVER, Site(SINGLE, there)))
