//! What stands around the processes under test does what it says: the Postgres of the tests, and the gate before a server.

use crate::{gate::TcpGate, postgres};
use sqlx::{Connection, Executor, PgConnection, Row};
use std::{
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::{Instant, sleep, timeout},
};

async fn tables(url: &str) -> i64 {
    let mut connection = PgConnection::connect(url).await.expect("a connection");
    let row = connection.fetch_one("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").await.expect("a count");
    row.get(0)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_test_has_a_postgres_database_of_its_own() {
    let (Some(first), Some(second)) = (postgres::database().await, postgres::database().await) else { return };
    let mut connection = PgConnection::connect(&first.url()).await.expect("a connection");
    connection.execute("CREATE TABLE something (id int)").await.expect("a table");
    assert_eq!((tables(&first.url()).await, tables(&second.url()).await), (1, 0));
    let kept: String = connection.fetch_one("SHOW fsync").await.expect("a setting").get(0);
    assert_eq!(kept, "on", "what is committed is on the disk, as with an operator's server");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_test_process_that_is_killed_leaves_no_postgres_behind() {
    if postgres::database().await.is_none() {
        return;
    }
    let mut child = Command::new(std::env::current_exe().expect("this program"));
    child.args(["--exact", "outside::a_process_with_a_postgres", "--ignored", "--nocapture"]);
    let mut child = child.stdout(Stdio::piped()).spawn().expect("it starts");
    let stdout = child.stdout.take().expect("its output");
    let url = tokio::task::spawn_blocking(move || {
        let mut lines = std::io::BufRead::lines(std::io::BufReader::new(stdout));
        lines.find_map(|line| Some(line.ok()?.split_once("database at ")?.1.to_owned()))
    });
    let url = url.await.expect("no panic").expect("the database's address");
    let mut connection = PgConnection::connect(&url).await.expect("a connection");
    let folder: String = connection.fetch_one("SHOW data_directory").await.expect("a setting").get(0);
    child.kill().expect("killed");
    child.wait().expect("ended");
    let patience = Instant::now() + Duration::from_secs(60);
    while PgConnection::connect(&url).await.is_ok() || Path::new(&folder).exists() {
        assert!(Instant::now() < patience, "its Postgres is still there");
        sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
#[ignore = "the part of the test above that runs in a process of its own"]
async fn a_process_with_a_postgres() {
    let database = postgres::database().await.expect("there was one before");
    println!("database at {}", database.url());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_gate_cuts_what_is_open_refuses_what_comes_and_opens_again() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let server = listener.local_addr().expect("an address");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let (mut read, mut write) = stream.split();
                tokio::io::copy(&mut read, &mut write).await
            });
        }
    });
    let gate = TcpGate::before(server).await;
    let connect = async || TcpStream::connect(gate.address).await.expect("a connection");
    let echo = async |stream: &mut TcpStream| {
        stream.write_all(b"!").await?;
        stream.read_u8().await
    };
    let mut open = connect().await;
    assert_eq!(echo(&mut open).await.expect("an echo"), b'!');

    gate.refuse();
    assert!(open.read_u8().await.is_err(), "cut");
    assert!(echo(&mut connect().await).await.is_err(), "refused");

    gate.open();
    let mut open = connect().await;
    assert_eq!(echo(&mut open).await.expect("an echo"), b'!');
    gate.fall_silent();
    let mut late = connect().await;
    for stream in [&mut open, &mut late] {
        let silent = timeout(Duration::from_millis(100), echo(stream)).await;
        assert!(silent.is_err(), "nothing comes, not even an end: {silent:?}");
    }
    gate.open();
    assert!(open.read_u8().await.is_err(), "what was open does not come back");
    assert_eq!(late.read_u8().await.expect("an echo"), b'!', "who waited is let through");
}
