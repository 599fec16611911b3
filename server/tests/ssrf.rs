//! What may be reached by a picture's address, and what may not: one row a case, with what it is a case of.
//!
//! Every row runs through the whole fetcher. Names are answered by a book of the test; hosts are real ones on loopback,
//! and count who comes. Public addresses are not asked for real: they are seen to pass the rules, and, behind a proxy of
//! the test, to be fetched.

#[path = "downloads/host.rs"]
mod host;
#[path = "common/spoil.rs"]
mod spoil;

use host::{Book, Host, answer, downloads, had, jpeg, picture_answer, redirect};
use server::discovery::web::Api;
use server::fetch::{AllowList, Checked, Guard, refusal};
use spoil::spoiled;
use std::net::IpAddr;
use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// Addresses and what they are; `public` ones pass.
const ADDRESSES: [(&str, &str); 83] = [
    ("0.0.0.0", "this network, first"),
    ("0.255.255.255", "this network, last"),
    ("1.0.0.0", "public"),
    ("9.255.255.255", "public"),
    ("10.0.0.0", "private 10/8, first"),
    ("10.255.255.255", "private 10/8, last"),
    ("11.0.0.0", "public"),
    ("100.63.255.255", "public"),
    ("100.64.0.0", "carrier, first"),
    ("100.127.255.255", "carrier, last"),
    ("100.128.0.0", "public"),
    ("126.255.255.255", "public"),
    ("127.0.0.1", "loopback"),
    ("127.255.255.255", "loopback, last"),
    ("128.0.0.0", "public"),
    ("169.253.255.255", "public"),
    ("169.254.169.254", "link-local: where clouds keep their keys"),
    ("169.254.170.2", "link-local: where containers keep theirs"),
    ("169.255.0.0", "public"),
    ("172.15.255.255", "public"),
    ("172.16.0.0", "private 172.16/12, first"),
    ("172.31.255.255", "private 172.16/12, last"),
    ("172.32.0.0", "public"),
    ("192.0.0.0", "protocol assignments, first"),
    ("192.0.0.255", "protocol assignments, last"),
    ("192.0.1.0", "public"),
    ("192.0.2.1", "documentation 1"),
    ("192.88.99.1", "6to4 relay"),
    ("192.167.255.255", "public"),
    ("192.168.0.0", "private 192.168/16, first"),
    ("192.168.255.255", "private 192.168/16, last"),
    ("192.169.0.0", "public"),
    ("198.17.255.255", "public"),
    ("198.18.0.0", "benchmarking, first"),
    ("198.19.255.255", "benchmarking, last"),
    ("198.20.0.0", "public"),
    ("198.51.100.1", "documentation 2"),
    ("203.0.113.1", "documentation 3"),
    ("223.255.255.255", "public"),
    ("224.0.0.1", "multicast"),
    ("239.255.255.255", "multicast, last"),
    ("240.0.0.1", "reserved"),
    ("255.255.255.255", "broadcast"),
    ("::", "unspecified"),
    ("::1", "loopback"),
    ("::2", "compatible, lowest"),
    ("::10.0.0.1", "compatible: a private address"),
    ("::8.8.8.8", "compatible: a public address"),
    ("::ffff:127.0.0.1", "mapped: loopback"),
    ("::ffff:10.0.0.1", "mapped: a private address"),
    ("::ffff:8.8.8.8", "mapped: a public address"),
    ("::ffff:0:127.0.0.1", "translated: loopback"),
    ("64:ff9b::10.0.0.1", "NAT64: a private address"),
    ("64:ff9b::8.8.8.8", "NAT64: a public address"),
    ("64:ff9b:1::1", "local NAT64"),
    ("64:ff9b:1:ffff:ffff:ffff:ffff:ffff", "local NAT64, last"),
    ("100::1", "discard"),
    ("2001::1", "Teredo"),
    ("2001:0:ffff:ffff:ffff:ffff:ffff:ffff", "Teredo, last"),
    ("2001:1::1", "protocol assignments"),
    ("2001:10::1", "ORCHID"),
    ("2001:1ff:ffff::1", "protocol assignments, last"),
    ("2001:200::1", "public"),
    ("2001:db8::1", "documentation"),
    ("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "documentation, last"),
    ("2001:db9::1", "public"),
    ("2002:0a00:0001::", "6to4: 10.0.0.1"),
    ("2002:0808:0808::", "6to4: a public address"),
    ("2003::1", "public"),
    ("2606:4700:4700::1111", "public"),
    ("2a00:1450:4001:0:0:5efe:a00:1", "ISATAP: 10.0.0.1"),
    ("2a00:1450:4001:0:200:5efe:808:808", "ISATAP: a public address"),
    ("3fff::1", "documentation, the newer"),
    ("4000::1", "no global unicast"),
    ("5f00::1", "segment routing"),
    ("fbff::1", "no global unicast"),
    ("fc00::1", "private, first half"),
    ("fdff:ffff::1", "private, second half"),
    ("fe80::1", "link-local"),
    ("febf::1", "link-local, last"),
    ("fec0::1", "site-local"),
    ("ff02::1", "multicast"),
    ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "multicast, last"),
];

/// Addresses of pictures, what they are a case of, and how they end: a kind, or `passes`.
const URLS: [(&str, &str, &str); 68] = [
    ("http://2130706433/", "loopback as one decimal number", "refused_host"),
    ("http://0x7f000001/", "loopback as one hexadecimal number", "refused_host"),
    ("http://017700000001/", "loopback as one octal number", "refused_host"),
    ("http://0177.0.0.1/", "octal parts", "refused_host"),
    ("http://0000000177.0.0.1/", "octal parts with many zeros", "refused_host"),
    ("http://0x7f.0x0.0x0.0x1/", "hexadecimal parts", "refused_host"),
    ("http://0X7F.0.1/", "hexadecimal in capitals, three parts", "refused_host"),
    ("http://127.1/", "two parts", "refused_host"),
    ("http://127.0.1/", "three parts", "refused_host"),
    ("http://0/", "zero alone", "refused_host"),
    ("http://127.0.0.1./", "a dot at the end", "refused_host"),
    ("http://%31%32%37.0.0.1/", "percent-encoded digits", "refused_host"),
    ("http://\u{ff11}\u{ff12}\u{ff17}.0.0.1/", "full-width digits", "refused_host"),
    ("http://\u{2460}\u{2461}\u{2466}.0.0.1/", "circled digits", "refused_host"),
    ("http://127\u{3002}0\u{3002}0\u{3002}1/", "ideographic full stops", "refused_host"),
    ("http://2852039166/", "169.254.169.254 as one decimal number", "refused_host"),
    ("http://0xa9fea9fe/latest/meta-data/", "169.254.169.254 as one hexadecimal number", "refused_host"),
    ("http://012.0.0.1/", "10.0.0.1 with an octal part", "refused_host"),
    ("http://0xA000001/", "10.0.0.1 as one hexadecimal number", "refused_host"),
    ("http://0x7f.1/", "hexadecimal, two parts", "refused_host"),
    ("http://134744072/", "8.8.8.8 as one decimal number: public, and seen as such", "passes"),
    ("http://4294967296/", "a number too large for an address", "refused_address"),
    ("http://256.0.0.1/", "a part too large", "refused_address"),
    ("http://1.2.3.4.5/", "a part too many", "refused_address"),
    ("http://0x7g.0.0.1.1.1/", "ends in a number, is no address", "refused_address"),
    ("http://[::1]/", "IPv6 loopback", "refused_host"),
    ("http://[0:0:0:0:0:0:0:1]/", "IPv6 loopback in full", "refused_host"),
    ("http://[::ffff:7f00:1]/", "mapped loopback in hexadecimal", "refused_host"),
    ("http://[0:0:0:0:0:ffff:7f00:0001]/", "mapped loopback in full", "refused_host"),
    ("http://[::127.0.0.1]/", "compatible loopback with dots", "refused_host"),
    ("http://[64:ff9b::7f00:1]/", "NAT64 loopback in hexadecimal", "refused_host"),
    ("http://[2002:7f00:1::]/", "6to4 loopback", "refused_host"),
    ("http://[::ffff:0x7f.1]/", "no IPv6 address", "refused_address"),
    ("http://[fe80::1%25eth0]/", "a zone", "refused_address"),
    ("http://[::1/", "an open bracket", "refused_address"),
    ("http://localhost/", "localhost", "refused_host"),
    ("http://LocalHost./", "localhost with a dot at the end", "refused_host"),
    ("http://a.b.localhost/", "a name below localhost", "refused_host"),
    ("http://printer.local/", "a name of the local link", "refused_host"),
    ("http://metadata.google.internal/", "a name of an internal domain", "refused_host"),
    ("http://router.home.arpa/", "a name of the home", "refused_host"),
    ("http://intranet/", "a name without a domain", "refused_host"),
    ("http://localhosts.example/", "a name that only looks like localhost", "passes"),
    ("http://user@pictures.example/", "a user", "refused_address"),
    ("http://user:password@pictures.example/", "a user and a password", "refused_address"),
    ("http://:password@pictures.example/", "a password alone", "refused_address"),
    ("http://127.0.0.1:80@pictures.example/", "an address that is a user", "refused_address"),
    ("http://pictures.example@127.0.0.1/", "loopback with credentials", "refused_address"),
    ("http://pictures.example#@127.0.0.1/", "a host, then a fragment", "passes"),
    ("http://127.0.0.1#@pictures.example/", "loopback, then a fragment", "refused_host"),
    ("http://pictures.example\\@127.0.0.1/", "a backslash ends the host", "passes"),
    ("http://127.0.0.1\\@pictures.example/", "a backslash ends the host, which is loopback", "refused_host"),
    ("http:127.0.0.1/", "no slashes", "refused_host"),
    ("http:////127.0.0.1/", "many slashes", "refused_host"),
    ("http://pictures.example%00.local/", "a zero byte in the host", "refused_address"),
    ("http://127.0.0.1%2f@pictures.example/", "a slash that is none before the host", "refused_address"),
    ("http://127.0.0.1:0080/", "a port with zeros before it", "refused_host"),
    ("http://pictures.example:65536/", "no port", "refused_address"),
    ("http://pictures.example:22/", "the port of a shell", "refused_address"),
    ("http://pictures.example:8080/", "a port that is not usual", "refused_address"),
    ("https://pictures.example:6379/", "the port of a database", "refused_address"),
    ("file:///etc/passwd", "a file", "refused_address"),
    ("ftp://pictures.example/a.jpg", "FTP", "refused_address"),
    ("gopher://127.0.0.1:6379/_FLUSHALL", "gopher", "refused_address"),
    ("data:image/png;base64,iVBORw0KGgo=", "data", "refused_address"),
    ("//pictures.example/a.jpg", "no scheme", "refused_address"),
    ("http://pictures.example/a\r\nHost: 127.0.0.1", "a line break", "refused_address"),
    ("http://", "nothing", "refused_address"),
];

fn literal(address: &str) -> String {
    if address.contains(':') { format!("http://[{address}]/a.jpg") } else { format!("http://{address}/a.jpg") }
}

#[tokio::test]
async fn every_address_that_is_not_public_is_refused_as_a_literal_and_behind_a_name() {
    let book = Book::new();
    let fetching = downloads(&[("DOWNLOAD_RETRIES", "0")], book.clone());
    for (address, what) in ADDRESSES {
        let parsed: IpAddr = address.parse().expect(address);
        if what == "public" {
            assert_eq!(refusal(parsed), None, "{address}");
            assert!(fetching.client.check(&literal(address)).is_ok(), "{address}");
            continue;
        }
        assert!(refusal(parsed).is_some(), "{address}: {what}");
        assert_eq!(had(&fetching, &literal(address)).await, Err("refused_host"), "{address}: {what}");
        book.tell("somewhere.example", &[&[address]]);
        assert_eq!(had(&fetching, "http://somewhere.example/a.jpg").await, Err("refused_host"), "a name for {address}: {what}");
    }
}

#[tokio::test]
async fn every_way_of_writing_an_address_is_judged_by_what_it_means() {
    // Whatever passes is only looked at: names lead nowhere here.
    let fetching = downloads(&[("DOWNLOAD_RETRIES", "0")], Book::new());
    for (url, what, expected) in URLS {
        match expected {
            "passes" => assert!(fetching.client.check(url).is_ok(), "{url}: {what}"),
            kind => assert_eq!(had(&fetching, url).await, Err(kind), "{url}: {what}"),
        }
    }
    let long = format!("http://pictures.example/{}", "a".repeat(5000));
    assert_eq!(had(&fetching, &long).await, Err("refused_address"), "too long");
}

#[tokio::test]
async fn every_hop_of_a_redirect_is_held_to_the_same_rules() {
    let victim = Host::saying(picture_answer(&jpeg(1))).await;
    let start = Host::start(move |asked| redirect(asked.target.trim_start_matches("/to?"))).await;
    let book = Book::new();
    book.tell("inside.example", &[&["10.0.0.7"]]);
    let allow = format!("start.example:{},named.example:{}", start.port, victim.port);
    let fetching = downloads(&[("DOWNLOAD_ALLOW", &allow), ("DOWNLOAD_RETRIES", "0")], book);
    for (location, what, expected) in [
        (victim.at("/"), "loopback on an open port of another name", "refused_address"),
        ("http://127.0.0.1/".into(), "loopback", "refused_host"),
        ("http://2130706433/".into(), "loopback in decimal", "refused_host"),
        ("http://169.254.169.254/latest/meta-data/".into(), "the keys of the cloud", "refused_host"),
        ("http://[::1]/".into(), "IPv6 loopback", "refused_host"),
        ("http://inside.example/".into(), "a name that leads to a private address", "refused_host"),
        ("http://localhost/".into(), "localhost", "refused_host"),
        (victim.by("user:password@named.example", "/"), "credentials", "refused_address"),
        (format!("http://user@127.0.0.1:{}/", victim.port), "loopback with credentials", "refused_address"),
        (victim.by("start.example", "/"), "the opened name on another port", "refused_address"),
        ("file:///etc/passwd".into(), "a file", "refused_address"),
        ("gopher://127.0.0.1/".into(), "gopher", "refused_address"),
        (String::new(), "to itself, for ever", "too_many_redirects"),
    ] {
        let from = start.by("start.example", &format!("/to?{location}"));
        assert_eq!(had(&fetching, &from).await, Err(expected), "{what}: {location}");
    }
    assert_eq!(victim.seen.connections.load(Ordering::SeqCst), 0, "nobody came");
    // And what may be reached is reached.
    let from = start.by("start.example", &format!("/to?{}", victim.by("named.example", "/")));
    assert_eq!(had(&fetching, &from).await, Ok(jpeg(1)));
}

#[tokio::test]
async fn three_redirects_are_followed_and_a_fourth_is_not() {
    let chain = Host::start(|asked| match asked.target.as_str() {
        "/0" => picture_answer(&jpeg(2)),
        "/nowhere" => answer(302, &[], b""),
        "/bad" => answer(301, &[("location", "http://[")], b""),
        other => redirect(&format!("/{}", other.trim_start_matches('/').parse::<u32>().unwrap_or(1) - 1)),
    })
    .await;
    let fetching = host::opened(&[&chain], &[], &[]);
    assert_eq!(had(&fetching, &chain.at("/3")).await, Ok(jpeg(2)));
    assert_eq!(had(&fetching, &chain.at("/4")).await, Err("too_many_redirects"));
    assert_eq!(had(&fetching, &chain.at("/nowhere")).await, Err("refused_address"));
    assert_eq!(had(&fetching, &chain.at("/bad")).await, Err("refused_address"));
    assert_eq!(chain.seen.targets(), ["/3", "/2", "/1", "/0", "/4", "/3", "/2", "/1", "/nowhere", "/bad"]);
}

#[tokio::test]
async fn a_name_that_changes_its_answer_gains_nothing() {
    let (honest, victim) = (Host::saying(picture_answer(&jpeg(3))).await, Host::saying(picture_answer(&jpeg(4))).await);
    // What was looked up is what is connected to: one lookup a connection, and none in between to be fooled by.
    let book = Book::new();
    book.tell("named.example", &[&["127.0.0.1"], &["127.0.0.99"]]);
    let allow = format!("named.example:{}", honest.port);
    let fetching = downloads(&[("DOWNLOAD_ALLOW", &allow), ("DOWNLOAD_RETRIES", "0")], book.clone());
    assert_eq!(had(&fetching, &honest.by("named.example", "/")).await, Ok(jpeg(3)));
    assert_eq!(book.lookups.load(Ordering::SeqCst), 1);

    // A name that is nobody's is judged anew at each connection, however often it looked fine.
    let answers: [[&[&str]; 3]; 2] =
        [[&["127.0.0.1"], &["10.0.0.1"], &["127.0.0.1"]], [&["10.0.0.1", "127.0.0.1"], &["::1"], &["::ffff:127.0.0.1"]]];
    for answers in &answers {
        book.tell("rebound.example", answers);
        for _ in 0..3 {
            assert_eq!(had(&fetching, "http://rebound.example/").await, Err("refused_host"));
        }
    }
    assert_eq!(victim.seen.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn the_allow_list_opens_exactly_what_it_names() {
    let host = Host::saying(picture_answer(&jpeg(5))).await;
    let port = host.port;
    let other = if port == 9999 { 9998 } else { 9999 };
    for (allow, url, what, expected) in [
        (format!("127.0.0.1:{port}"), host.at("/"), "an address and its port", Ok(())),
        (format!("127.0.0.1:{port}"), format!("http://0x7f.1:{port}/"), "the same, written otherwise", Ok(())),
        (format!("127.0.0.1:{other}"), host.at("/"), "another port", Err("refused_address")),
        (format!("127.0.0.2:{port}"), host.at("/"), "another address", Err("refused_address")),
        ("127.0.0.1".into(), host.at("/"), "an address on the usual ports alone", Err("refused_address")),
        (format!("127.0.0.1:{port}"), "http://127.0.0.1/".into(), "a port, not the usual ones", Err("refused_host")),
        (format!("127.0.0.1:{port}"), host.by("named.example", "/"), "an address, not the names for it", Err("refused_address")),
        (format!("named.example:{port}"), host.by("named.example", "/"), "a name and its port, wherever it leads", Ok(())),
        (format!("Named.Example.:{port}"), host.by("NAMED.example", "/"), "a name in any case", Ok(())),
        (format!("named.example:{port}"), host.by("other.example", "/"), "another name", Err("refused_address")),
        (format!("named.example:{port}"), host.by("www.named.example", "/"), "a name below it", Err("refused_address")),
        (format!("named.example:{port}"), "http://named.example/".into(), "the name on a usual port", Err("refused_host")),
        ("127.0.0.0/8".into(), host.at("/"), "a network, not every port of it", Err("refused_address")),
        (format!("localhost:{port}"), host.by("localhost", "/"), "localhost by name", Ok(())),
        (String::new(), host.at("/"), "nothing", Err("refused_address")),
    ] {
        let fetching = downloads(&[("DOWNLOAD_ALLOW", &allow), ("DOWNLOAD_RETRIES", "0")], Book::new());
        assert_eq!(had(&fetching, &url).await.map(|_| ()), expected, "{allow:?} and {url}: {what}");
    }
    for (allow, url, passes) in [
        ("10.1.0.0/16", "http://10.1.2.3/", true),
        ("10.1.0.0/16", "http://10.2.2.3/", false),
        ("10.1.0.0/16", "http://10.1.2.3:8080/", false),
        ("fd00::/8", "https://[fd12::1]/", true),
        ("fd00::/8", "https://[fc12::1]/", false),
        ("search.example", "https://search.example/", true),
        ("search.example", "https://search.example:8443/", false),
        ("intranet", "http://intranet/", true),
    ] {
        let guard = Guard::new(allow.parse::<AllowList>().expect(allow));
        assert_eq!(guard.check(url).is_ok(), passes, "{allow} and {url}");
    }
}

#[tokio::test]
async fn behind_a_proxy_names_are_looked_up_here_first_and_literals_judged_all_the_same() {
    let proxy = Host::saying(picture_answer(&jpeg(6))).await;
    let book = Book::new();
    book.tell("pictures.example", &[&["93.184.215.14"]]);
    book.tell("inside.example", &[&["192.168.1.1"]]);
    let address = format!("http://user:secret@127.0.0.1:{}", proxy.port);
    let fetching = downloads(&[("DOWNLOAD_PROXY", &address), ("DOWNLOAD_RETRIES", "0")], book.clone());
    assert_eq!(had(&fetching, "http://pictures.example/a.jpg").await, Ok(jpeg(6)));
    assert_eq!(had(&fetching, "http://8.8.8.8/a.jpg").await, Ok(jpeg(6)), "a public literal");
    assert_eq!(proxy.seen.targets(), ["http://pictures.example/a.jpg", "http://8.8.8.8/a.jpg"]);
    for url in ["http://inside.example/a.jpg", "http://10.0.0.1/", "http://localhost/", "http://[::1]/"] {
        assert_eq!(had(&fetching, url).await, Err("refused_host"), "{url}");
    }
    assert_eq!(proxy.seen.count(), 2, "the proxy was not asked");
    let asked = proxy.seen.asked.lock().expect("whole")[0].clone();
    assert_eq!(asked.header("proxy-authorization"), Some("Basic dXNlcjpzZWNyZXQ="));
}

#[tokio::test]
async fn behind_a_proxy_every_hop_is_judged_and_https_is_tunnelled_to_its_host_alone() {
    let proxy = Host::start(|asked| match asked.target.as_str() {
        "http://pictures.example/to-an-address" => redirect("http://10.0.0.1/"),
        "http://pictures.example/to-a-name" => redirect("http://inside.example/"),
        "http://search.example:8888/a.jpg" => picture_answer(&jpeg(6)),
        // No tunnel is dug here: who asks for one is seen.
        _ => answer(403, &[], b""),
    })
    .await;
    let book = Book::new();
    book.tell("pictures.example", &[&["93.184.215.14"]]);
    book.tell("inside.example", &[&["192.168.1.1"]]);
    let address = format!("http://user:secret@127.0.0.1:{}", proxy.port);
    let variables = [("DOWNLOAD_PROXY", address.as_str()), ("DOWNLOAD_ALLOW", "search.example:8888"), ("DOWNLOAD_RETRIES", "0")];
    let fetching = downloads(&variables, book);
    for path in ["to-an-address", "to-a-name"] {
        assert_eq!(had(&fetching, &format!("http://pictures.example/{path}")).await, Err("refused_host"), "{path}");
    }
    assert_eq!(had(&fetching, "http://search.example:8888/a.jpg").await, Ok(jpeg(6)), "opened, and through the proxy all the same");
    assert!(had(&fetching, "https://pictures.example/secret.jpg?token=1").await.is_err());
    assert_eq!(had(&fetching, "https://inside.example/").await, Err("refused_host"));
    let targets = proxy.seen.targets();
    assert_eq!(targets.len(), 4, "{targets:?}");
    assert_eq!(targets[3], "pictures.example:443", "the proxy of an encrypted download learns its host and nothing else");
    let asked = proxy.seen.asked.lock().expect("whole")[3].clone();
    assert_eq!(asked.header("proxy-authorization"), Some("Basic dXNlcjpzZWNyZXQ="));
}

/// What is set in the environment holds for a whole process, so the downloads run in one of their own.
#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_of_the_environment_is_not_used() {
    let proxy = Host::saying(picture_answer(&jpeg(9))).await;
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    child.args(["--exact", "asking_with_a_proxy_in_the_environment", "--ignored", "--nocapture"]);
    for name in ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        child.env(name, format!("http://127.0.0.1:{}", proxy.port));
    }
    child.env_remove("NO_PROXY").env_remove("no_proxy");
    let ended = tokio::task::spawn_blocking(move || child.output()).await.expect("no panic").expect("it runs");
    let said = String::from_utf8_lossy(&ended.stdout);
    assert!(ended.status.success() && said.contains("1 passed"), "{said}");
    assert_eq!(proxy.seen.connections.load(Ordering::SeqCst), 0);
}

#[tokio::test]
#[ignore = "the part of the test above that runs in a process of its own"]
async fn asking_with_a_proxy_in_the_environment() {
    let host = Host::start(|asked| match asked.target.as_str() {
        "/search" => answer(200, &[], b"{}"),
        _ => picture_answer(&jpeg(8)),
    })
    .await;
    let fetching = host::opened(&[&host], &["named.example"], &[]);
    assert_eq!(had(&fetching, &host.by("named.example", "/a.jpg")).await, Ok(jpeg(8)));
    let api = Api::new("tests", &host.at(""), Duration::from_secs(60)).expect("a client");
    api.json(api.get("/search")).await.expect("an answer");
    assert_eq!(host.seen.targets(), ["/a.jpg", "/search"]);
}

#[tokio::test]
async fn a_request_says_who_asks_and_nothing_else_about_anybody() {
    let host = Host::start(|asked| match asked.target.as_str() {
        "/a.jpg" => answer(302, &[("location", "/b.jpg"), ("set-cookie", "who=you")], b""),
        _ => picture_answer(&jpeg(7)),
    })
    .await;
    let fetching = host::opened(&[&host], &[], &[]);
    assert_eq!(had(&fetching, &host.at("/a.jpg")).await, Ok(jpeg(7)));
    for asked in host.seen.asked.lock().expect("whole").iter() {
        let mut names: Vec<_> = asked.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        assert_eq!(names, ["accept", "accept-encoding", "host", "user-agent"]);
        assert_eq!(asked.header("user-agent"), Some("face-engine tests"));
        assert_eq!(asked.header("accept-encoding"), Some("identity"));
    }
}

/// What the rules say of every address that passes, whatever it was written like.
fn assert_kept(checked: &Checked, written: &str) {
    let url = &checked.url;
    assert!(matches!(url.scheme(), "http" | "https") && [80, 443].contains(&checked.port), "{written:?}: {url}");
    assert!(url.username().is_empty() && url.password().is_none(), "{written:?}: {url}");
    assert!(!url.as_str().contains(char::is_control) && url.as_str().is_ascii(), "{written:?}: {url}");
    match checked.host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(address) => assert_eq!(refusal(address), None, "{written:?}: {url}"),
        Err(_) => assert!(checked.host.contains('.') && !checked.literal, "{written:?}: {url}"),
    }
}

#[test]
fn whatever_passes_keeps_the_rules_however_its_address_is_spoiled() {
    let guard = Guard::default();
    let from = guard.check("https://pictures.example/a/b.jpg").expect("public");
    let literals: Vec<String> = ADDRESSES.iter().map(|(address, _)| literal(address)).collect();
    let written = URLS.iter().map(|(url, ..)| *url).chain(literals.iter().map(String::as_str));
    let (mut passed, mut followed) = (0, 0);
    for bytes in written.flat_map(|url| spoiled(url.as_bytes(), 300)) {
        let text = String::from_utf8_lossy(&bytes);
        if let Ok(checked) = guard.check(&text) {
            assert_kept(&checked, &text);
            assert_eq!(guard.check(checked.url.as_str()).as_ref(), Ok(&checked), "{text:?}: the client reads what was judged");
            passed += 1;
        }
        if let Ok(checked) = guard.check_redirect(&from, &text) {
            assert_kept(&checked, &text);
            assert_eq!(checked.url.scheme(), "https", "{text:?}");
            followed += 1;
        }
    }
    assert!(passed > 1000 && followed > 1000, "{passed} passed, {followed} were followed");
}

#[test]
fn the_table_has_more_than_sixty_rows() {
    let refused = ADDRESSES.iter().filter(|(_, what)| *what != "public").count();
    assert!(refused + URLS.len() > 60, "{}", refused + URLS.len());
}
