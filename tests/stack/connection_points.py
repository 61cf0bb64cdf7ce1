"""Service connection points as LDIF, for slapd and Samba alike."""

__all__ = ["CONFIGURATION", "autodiscover_url", "points_to", "url_of"]

CONFIGURATION = "CN=Configuration,DC=contoso,DC=test"

URL = "77378F46-2C66-4aa9-A6A6-3E7A48B19596"
POINTER = "67661d7F-8FC4-4fa7-BFAC-E1D7794C1F68"


def autodiscover_url(host: str) -> str:
    """The URL of a server, as Exchange writes it."""
    return f"https://{host}/Autodiscover/Autodiscover.xml"


def url_of(server: str, host: str, site: str = "Default-First-Site-Name", above: str = CONFIGURATION) -> str:
    """The connection point of an Exchange server: where it leads, and whom."""
    return _object(server, above, autodiscover_url(host), URL, f"Site={site}" if site else "")


def points_to(ldap_url: str, domain: str = "", above: str = CONFIGURATION) -> str:
    """A pointer to another directory, for one mail domain or for any."""
    return _object("Pointer", above, ldap_url, POINTER, f"Domain={domain}" if domain else "")


def _object(name: str, above: str, binding: str, *keywords: str) -> str:
    lines = (
        f"dn: CN={name},{above}",
        "objectClass: serviceConnectionPoint",
        f"cn: {name}",
        "serviceClassName: ms-Exchange-AutoDiscover-Service",
        f"serviceBindingInformation: {binding}",
        *(f"keywords: {keyword}" for keyword in keywords if keyword),
    )
    return "\n".join(lines) + "\n\n"
