//! Follows the events of a request as a browser does: where the connection ends, it comes back, there or elsewhere, and says
//! which event it has seen last.

use crate::entrances::{Entrances, PATIENCE};
use serde_json::Value;
use std::{collections::HashSet, io, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, sleep, timeout},
};

/// Everything that a request has told, from its first to its last event.
#[derive(Debug, Default)]
pub struct Followed {
    /// Place, name, data.
    pub events: Vec<(u64, String, Value)>,
    pub connections: usize,
}

/// To the end of the request, by way of the entrance of this number, and by others where that is gone.
pub async fn follow(entrances: &Entrances, number: usize, id: &str) -> Followed {
    let mut followed = Followed::default();
    let patience = Instant::now() + PATIENCE;
    while !followed.has_ended() {
        assert!(Instant::now() < patience, "{id} does not end: {:?}", followed.events.last());
        if let Some(client) = entrances.nth(number) {
            // A connection that fails is as good as one that ends.
            let _ = timeout(PATIENCE, followed.go_on(client.0, id)).await;
        }
        if !followed.has_ended() {
            sleep(Duration::from_millis(20)).await;
        }
    }
    followed
}

impl Followed {
    fn has_ended(&self) -> bool {
        self.events.last().is_some_and(|(_, name, _)| name == "done" || name == "error")
    }

    async fn go_on(&mut self, node: std::net::SocketAddr, id: &str) -> io::Result<()> {
        let mut stream = TcpStream::connect(node).await?;
        let last = self.events.last().map_or(0, |(place, ..)| *place);
        // HTTP/1.0: the events come as they are, not in chunks.
        stream.write_all(format!("GET /events/{id} HTTP/1.0\r\nhost: {node}\r\nlast-event-id: {last}\r\n\r\n").as_bytes()).await?;
        self.connections += 1;
        let mut text = Vec::new();
        let mut in_the_head = true;
        let mut buffer = [0; 4096];
        loop {
            // What has come in whole; an event that was cut short comes again.
            while let Some((block, rest)) = whole(&text, if in_the_head { "\r\n\r\n" } else { "\n\n" }) {
                text.drain(..text.len() - rest);
                if !in_the_head {
                    self.take(&block);
                } else if block.split(' ').nth(1) == Some("200") {
                    in_the_head = false;
                } else {
                    return Ok(());
                }
            }
            if self.has_ended() {
                return Ok(());
            }
            match stream.read(&mut buffer).await? {
                0 => return Ok(()),
                read => text.extend(&buffer[..read]),
            }
        }
    }

    fn take(&mut self, block: &str) {
        let value = |name: &str| block.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
        let (Some(place), Some(name), Some(data)) = (value("id:"), value("event:"), value("data:")) else { return };
        let data = serde_json::from_str(data).expect("JSON in data");
        self.events.push((place.parse().expect("a number as id"), name.to_owned(), data));
    }

    pub fn names(&self, wanted: &str) -> usize {
        self.events.iter().filter(|(_, name, _)| name == wanted).count()
    }

    /// 1, 2, 3... without a gap; every candidate and every match once; one end.
    pub fn assert_told_once(&self, id: &str) {
        let places: Vec<u64> = self.events.iter().map(|(place, ..)| *place).collect();
        assert_eq!(places, (1..=places.len() as u64).collect::<Vec<_>>(), "{id}: places");
        let mut told = HashSet::new();
        for (_, name, data) in &self.events {
            let what = match name.as_str() {
                "candidate" => &data["pool_image"],
                "match" => &data["report"]["pool_image"],
                _ => continue,
            };
            assert!(told.insert((name.as_str(), what.to_string())), "{id}: {name} {what} was told twice: {:#?}", self.events);
        }
        assert_eq!(self.names("done") + self.names("error"), 1, "{id}: one end");
    }
}

/// What stands before the first `end`, and how many bytes stand behind it.
fn whole(text: &[u8], end: &str) -> Option<(String, usize)> {
    let at = text.windows(end.len()).position(|window| window == end.as_bytes())?;
    Some((String::from_utf8_lossy(&text[..at]).into_owned(), text.len() - at - end.len()))
}
