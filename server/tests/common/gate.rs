//! A gate before a server: connections pass through it as through a cable, until a test closes it. So a database or a bucket
//! goes away and comes back, and the service under test sees nothing but its socket.
#![allow(dead_code)]

use std::net::SocketAddr;
use tokio::{
    io::copy_bidirectional,
    net::{TcpListener, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passage {
    Open,
    /// Every connection is reset, those that were open and those that come.
    Refused,
    /// Connections come about and stay, and nothing is carried: as where a cable is cut.
    Silent,
}

/// On a free port of 127.0.0.1; it ends with the test.
pub struct TcpGate {
    pub address: SocketAddr,
    passage: watch::Sender<Passage>,
    task: JoinHandle<()>,
}

impl Drop for TcpGate {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl TcpGate {
    /// Open from the start.
    pub async fn before(server: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let passage = watch::channel(Passage::Open).0;
        let of_task = passage.clone();
        let task = tokio::spawn(async move {
            // Connections end with the gate.
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                connections.spawn(pass(stream, server, of_task.subscribe()));
                while connections.try_join_next().is_some() {}
            }
        });
        Self { address, passage, task }
    }

    pub fn open(&self) {
        self.passage.send_replace(Passage::Open);
    }

    /// Cuts what is open, and resets whatever comes.
    pub fn refuse(&self) {
        self.passage.send_replace(Passage::Refused);
    }

    /// Carries nothing any more, and says nothing about it. What was open then is reset when the gate opens again.
    pub fn fall_silent(&self) {
        self.passage.send_replace(Passage::Silent);
    }
}

async fn pass(mut client: TcpStream, server: SocketAddr, mut passage: watch::Receiver<Passage>) {
    // Who comes to a silent gate waits for it to speak.
    let now = match passage.wait_for(|passage| *passage != Passage::Silent).await {
        Ok(now) => *now,
        Err(_) => return,
    };
    if now == Passage::Open
        && let Ok(mut server) = TcpStream::connect(server).await
    {
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        tokio::select! {
            _ = copy_bidirectional(&mut client, &mut server) => return,
            _ = passage.wait_for(|passage| *passage != Passage::Open) => {}
        }
        let _ = passage.wait_for(|passage| *passage != Passage::Silent).await;
        let _ = server.set_zero_linger();
    }
    let _ = client.set_zero_linger();
}
