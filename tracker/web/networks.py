"""Owns who counts as one where tries are counted by where they come from."""

from ipaddress import IPv6Address, IPv6Network, ip_address


def network_of(address: str | None) -> str:
    """Return the address of a caller, or of IPv6 its /64: whoever has one of those addresses has them all.

    An IPv4 address written as IPv6 is that IPv4 address; what is no address stays as it is.
    """
    try:
        found = ip_address(address or "")
    except ValueError:
        return address or ""
    if not isinstance(found, IPv6Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(IPv6Network((int(found), 64), strict=False))
