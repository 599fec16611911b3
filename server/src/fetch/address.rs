//! Which addresses may be reached: the ranges that are refused, as data, and what an operator opens explicitly.
//!
//! The ranges follow the special-purpose registries of IANA. IPv6 is refused unless it is global unicast (2000::/3), and
//! every form that hides an IPv4 address in it is refused as a whole: which machine such an address reaches is decided
//! by a gateway that is not known here.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;
use url::Host;

/// Ports that are open without being named.
pub const USUAL_PORTS: [u16; 2] = [80, 443];

/// `(network, bits, what it is)`.
const REFUSED_V4: [(Ipv4Addr, u8, &str); 18] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8, "this network"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared by a carrier"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (Ipv4Addr::new(169, 254, 0, 0), 16, "link-local"),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "protocol assignments"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "documentation"),
    (Ipv4Addr::new(192, 31, 196, 0), 24, "name service of private networks"),
    (Ipv4Addr::new(192, 52, 193, 0), 24, "multicast tunnels"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "6to4 relays"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(192, 175, 48, 0), 24, "name service of private networks"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "benchmarking"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    // Ends with 255.255.255.255, the broadcast address.
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved or broadcast"),
];

const REFUSED_V6: [(Ipv6Addr, u8, &str); 18] = [
    (Ipv6Addr::UNSPECIFIED, 128, "unspecified"),
    (Ipv6Addr::LOCALHOST, 128, "loopback"),
    (Ipv6Addr::new(0, 0, 0, 0, 0, 0xffff, 0, 0), 96, "IPv4 mapped into IPv6"),
    (Ipv6Addr::new(0, 0, 0, 0, 0xffff, 0, 0, 0), 96, "IPv4 translated into IPv6"),
    (Ipv6Addr::UNSPECIFIED, 96, "IPv4-compatible IPv6"),
    (Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96, "IPv4 behind NAT64"),
    (Ipv6Addr::new(0x64, 0xff9b, 1, 0, 0, 0, 0, 0), 48, "IPv4 behind NAT64"),
    (Ipv6Addr::new(0x100, 0, 0, 0, 0, 0, 0, 0), 64, "discard"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 32, "Teredo"),
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23, "protocol assignments"),
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32, "documentation"),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "6to4"),
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20, "documentation"),
    (Ipv6Addr::new(0x5f00, 0, 0, 0, 0, 0, 0, 0), 16, "segment routing"),
    (Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7, "private"),
    (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10, "link-local"),
    (Ipv6Addr::new(0xfec0, 0, 0, 0, 0, 0, 0, 0), 10, "site-local"),
    (Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8, "multicast"),
];

/// Why this address is not reached; None for a public one.
pub fn refusal(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => {
            REFUSED_V4.iter().find(|(network, bits, _)| Network::v4(*network, *bits).contains(address.into())).map(|(.., what)| *what)
        }
        IpAddr::V6(address) => {
            let listed = REFUSED_V6.iter().find(|(network, bits, _)| Network::v6(*network, *bits).contains(address.into()));
            listed.map(|(.., what)| *what).or_else(|| isatap(address)).or_else(|| {
                let unicast = Network::v6(Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3);
                (!unicast.contains(address.into())).then_some("not global unicast")
            })
        }
    }
}

/// ISATAP marks an IPv4 address by the interface identifier in front of it, in any network.
fn isatap(address: Ipv6Addr) -> Option<&'static str> {
    let [.., high, low, _, _] = address.segments();
    (matches!(high, 0 | 0x200) && low == 0x5efe).then_some("ISATAP")
}

/// A range of addresses, written as CIDR.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

impl Network {
    const fn v4(address: Ipv4Addr, bits: u8) -> Self {
        Self { address: IpAddr::V4(address), bits }
    }

    const fn v6(address: Ipv6Addr, bits: u8) -> Self {
        Self { address: IpAddr::V6(address), bits }
    }

    /// Addresses of the other family are never inside.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.address, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => {
                let differing = u32::from(network) ^ u32::from(address);
                differing.checked_shr(32 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            (IpAddr::V6(network), IpAddr::V6(address)) => {
                let differing = u128::from(network) ^ u128::from(address);
                differing.checked_shr(128 - u32::from(self.bits)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no network (like 10.1.0.0/16 or fd00::/8)");
        let (address, bits) = text.split_once('/').ok_or_else(wrong)?;
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits: u8 = bits.parse().ok().filter(|bits| *bits <= most).ok_or_else(wrong)?;
        let network = Self { address, bits };
        // 10.1.2.3/8 means something else to everybody who reads it.
        let host_bits = match address {
            IpAddr::V4(address) => u32::from(address).checked_shl(u32::from(bits)).unwrap_or(0) != 0,
            IpAddr::V6(address) => u128::from(address).checked_shl(u32::from(bits)).unwrap_or(0) != 0,
        };
        if host_bits { Err(format!("`{text}` has bits set behind its prefix")) } else { Ok(network) }
    }
}

/// What an operator opens, and nothing beside it.
///
/// * `host` opens this host, as it is written in an address, on ports 80 and 443, whatever it resolves to;
/// * `host:port` opens this host on this port alone;
/// * `10.1.0.0/16` opens these addresses on ports 80 and 443, whatever name led to them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AllowList {
    /// Without a port: the usual ones.
    hosts: Vec<(String, Option<u16>)>,
    networks: Vec<Network>,
}

impl AllowList {
    /// Whether this host is opened by name on this port. `host` as [`host_text`] writes it.
    pub fn opens_host(&self, host: &str, port: u16) -> bool {
        let fits = |allowed: Option<u16>| allowed.map_or_else(|| USUAL_PORTS.contains(&port), |allowed| allowed == port);
        self.hosts.iter().any(|(name, allowed)| name == host && fits(*allowed))
    }

    /// Whether this host is opened by name on some port.
    pub fn names(&self, host: &str) -> bool {
        self.hosts.iter().any(|(name, _)| name == host)
    }

    pub fn opens_address(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }

    /// Why this address is not reached, where no host is opened by name.
    pub fn refusal(&self, address: IpAddr) -> Option<&'static str> {
        refusal(address).filter(|_| !self.opens_address(address))
    }
}

impl FromStr for AllowList {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut list = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            if part.contains('/') {
                list.networks.push(part.parse()?);
            } else {
                list.hosts.push(host_and_port(part)?);
            }
        }
        Ok(list)
    }
}

fn host_and_port(text: &str) -> Result<(String, Option<u16>), String> {
    let wrong = || format!("`{text}` is no host, host:port or network");
    if let Ok(address) = text.parse::<Ipv6Addr>() {
        return Ok((host_text(&Host::<&str>::Ipv6(address)), None));
    }
    // The colon behind a bracket, or the only one, parts host and port.
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, Some(port)),
        _ => (text, None),
    };
    let port = port.map(|port| port.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(wrong)).transpose()?;
    let host = Host::parse(host).map_err(|_| wrong())?;
    if let Host::Domain(name) = &host
        && !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
    {
        return Err(wrong());
    }
    let host = host_text(&host);
    if host.is_empty() { Err(wrong()) } else { Ok((host, port)) }
}

/// One way of writing a host: lower case, no dot at the end, IPv6 in brackets.
pub fn host_text<S: AsRef<str>>(host: &Host<S>) -> String {
    match host {
        Host::Domain(name) => name.as_ref().trim_end_matches('.').to_ascii_lowercase(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => format!("[{address}]"),
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn every_refused_range_holds_from_its_first_to_its_last_address() {
        for (network, bits, what) in REFUSED_V4 {
            let (first, size) = (u32::from(network), 1_u64 << (32 - bits));
            let last = u32::try_from(u64::from(first) + size - 1).expect("an address");
            for address in [first, last] {
                assert!(refusal(Ipv4Addr::from(address).into()).is_some(), "{network}/{bits} {what}: {}", Ipv4Addr::from(address));
            }
        }
        for (network, bits, what) in REFUSED_V6 {
            let first = u128::from(network);
            let last = first | u128::MAX.checked_shr(u32::from(bits)).unwrap_or(0);
            for address in [first, last] {
                assert!(refusal(Ipv6Addr::from(address).into()).is_some(), "{network}/{bits} {what}: {}", Ipv6Addr::from(address));
            }
        }
    }

    #[test]
    fn the_allow_list_opens_hosts_ports_and_networks_as_written() {
        let list: AllowList = "Search.Example, 127.0.0.1:8888, [::1]:9000, 10.1.0.0/16, fd00::/8,".parse().expect("a list");
        assert!(list.opens_host("search.example", 80) && list.opens_host("search.example", 443));
        assert!(!list.opens_host("search.example", 8080) && !list.opens_host("www.search.example", 80));
        assert!(list.opens_host("127.0.0.1", 8888) && !list.opens_host("127.0.0.1", 80));
        assert!(list.opens_host("[::1]", 9000) && !list.opens_host("[::1]", 443));
        assert!(list.opens_address(ip("10.1.255.255")) && !list.opens_address(ip("10.2.0.0")));
        assert!(list.opens_address(ip("fd12::1")) && !list.opens_address(ip("::1")));
        assert!(!list.opens_address(ip("127.0.0.1")), "a host is no network");
        assert_eq!("::1".parse::<AllowList>(), "[::1]".parse());
    }

    #[test]
    fn what_is_no_host_or_network_is_refused_with_its_text() {
        for text in ["10.0.0.0/33", "10.1.2.3/8", "host:port", "host:0", "a b", "http://host", "*", "/8", "[::1", "fd00::/129"] {
            let refused = text.parse::<AllowList>();
            assert!(refused.as_ref().is_err_and(|e| e.contains(text)), "{text}: {refused:?}");
        }
        assert_eq!("".parse(), Ok(AllowList::default()));
        assert_eq!("0.0.0.0/0".parse::<Network>().map(|all| all.contains(ip("127.0.0.1"))), Ok(true));
    }
}
