//! One process does not hear what the others do: its way to the database is cut, and comes back.

use crate::{
    common::{FakeVision, Form, TestApp, folder, until},
    gate::TcpGate,
    postgres,
    web::Web,
};
use server::{
    clock::Moment,
    store::{Lookup, SqlStore, Store},
};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn an_erasure_that_a_process_did_not_hear_of_is_made_up_for_when_it_hears_again() {
    let Some(database) = postgres::database().await else { return };
    let (folder, web, gate) = (folder(), Web::start().await, TcpGate::before(database.address).await);
    let url = database.url_by(gate.address);
    let mut variables = vec![("DATABASE_URL", url.as_str()), ("PROVIDERS", "brave")];
    let of_the_web = web.variables();
    variables.extend(of_the_web.iter().map(|(name, value)| (*name, value.as_str())));
    let app = TestApp::start_with(folder.path(), &variables, FakeVision::default()).await;
    let id = app.client.accepted(Form::good().field("hint", "somebody").field("providers", "brave")).await;
    assert_eq!(app.client.ended(&id).await["status"], "completed");
    let cache = app.service.downloads.cache.clone();
    assert!(cache.size().await > 0, "its downloads are kept for a while");

    gate.refuse();
    let elsewhere = SqlStore::open_postgres(&database.url()).await.expect("another process");
    let erased = elsewhere.erase(id.parse().expect("an id"), Moment(70), Duration::ZERO).await.expect("erased");
    assert!(matches!(erased, Lookup::Found(_)));
    assert!(cache.size().await > 0, "nobody has told this one");
    gate.open();
    until("it has forgotten", || async { cache.size().await == 0 && app.service.analyses.counts().disk.entries == 0 }).await;
    elsewhere.close().await;
}
