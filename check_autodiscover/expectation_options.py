"""The options that tell what the domain is meant to publish and present; a part of the table of `options`."""

from check_autodiscover.option import Option, ValueKind

__all__ = ["EXPECTED"]

EXPECTED = (
    Option(
        ("-a", "--expected-address"),
        "addresses",
        ValueKind.ADDRESS,
        "an allowed address of the intended endpoint; together the whole set; repeatable",
        key="expect.addresses",
        prefixed=True,
    ),
    Option(
        ("--expected-srv",),
        "srv",
        ValueKind.SRV,
        "a target that the SRV record may have; repeatable",
        key="expect.srv",
        prefixed=True,
    ),
    Option(
        ("--expected-alias",),
        "aliases",
        ValueKind.ALIAS,
        "a name that autodiscover.DOMAIN may be an alias of; repeatable",
        key="expect.aliases",
        prefixed=True,
    ),
    Option(
        ("--expected-wildcard",),
        "wildcards",
        ValueKind.PARENT,
        "a name below which a catch-all is meant to answer, as in contoso.com for *.contoso.com; repeatable",
        key="expect.wildcards",
        prefixed=True,
    ),
    Option(
        ("--expected-redirect",),
        "redirects",
        ValueKind.HOST,
        "a host that a redirect may lead to, the hosts on the way included; repeatable",
        key="expect.redirects",
        repeatable=True,
    ),
    Option(
        ("--expected-ns",),
        "name_servers",
        ValueKind.ALIAS,
        "a name server that the domain is delegated to; together the whole set; repeatable",
        key="expect.nameservers",
        repeatable=True,
    ),
    Option(
        ("--expected-certificate",),
        "certificates",
        ValueKind.FINGERPRINT,
        "the fingerprint of an allowed certificate, in hex; repeatable",
        key="expect.certificates",
        repeatable=True,
    ),
    Option(
        ("--expected-public-key",),
        "public_keys",
        ValueKind.FINGERPRINT,
        "the fingerprint of an allowed public key, which survives a renewal; repeatable",
        key="expect.public_keys",
        repeatable=True,
    ),
    Option(
        ("--expected-issuer",),
        "issuers",
        ValueKind.ISSUER,
        "the CN or O of an allowed issuer, of any certificate of the chain; repeatable",
        key="expect.issuers",
        repeatable=True,
    ),
    Option(
        ("--expected-scp",),
        "expected_scp",
        ValueKind.SCP_URL,
        "a URL that the directory may give; together the whole set; repeatable",
        key="expect.scp",
        repeatable=True,
    ),
)
