//! `GET /events/{id}`: Server-Sent Events, stored ones first, then as they come.
//!
//! What is sent is always read from the database; the wake from the worker only says when to look. So a client that
//! comes late, reconnects with `Last-Event-ID` or reads slowly gets every event once and in order.

use super::{
    ApiError,
    report::{self, found, parse_id},
};
use crate::{service::Service, store::Lookup};
use app::api::{ErrorDetail, Event, EventKind};
use axum::{
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{
        IntoResponse, Response,
        sse::{self, KeepAlive, Sse},
    },
};
use futures::stream;
use std::{collections::VecDeque, convert::Infallible, sync::Arc, time::Duration};
use tokio::sync::watch;
use uuid::Uuid;

/// Events read from the database at a time.
const BATCH: u32 = 200;
/// How long a follower goes without looking: a safety net, wakes come first.
const LOOK_EVERY: Duration = Duration::from_millis(500);
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Where a follower stands.
struct Follower {
    service: Arc<Service>,
    id: Uuid,
    seq: u64,
    waiting: VecDeque<Event>,
    wake: watch::Receiver<()>,
    ended: bool,
}

pub async fn follow(State(service): State<Arc<Service>>, Path(id): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    let id = parse_id(&id)?;
    let seq = last_event_id(&headers)?;
    let state = found(service.store.state(id).await?)?;
    let waiting: VecDeque<Event> = service.store.events_after(id, seq, BATCH).await?.into();
    if state.is_final() && waiting.is_empty() {
        // All was sent before: 204 tells an EventSource not to come back.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let wake = service.jobs.wakes.subscribe(id);
    let follower = Follower { service, id, seq, waiting, wake, ended: false };
    let mut response = Sse::new(stream::unfold(follower, next)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)).into_response();
    // A proxy must pass each event on as it comes.
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Ok(response)
}

fn last_event_id(headers: &HeaderMap) -> Result<u64, ApiError> {
    let Some(value) = headers.get("last-event-id") else { return Ok(0) };
    let text = value.to_str().unwrap_or("-").trim();
    if text.is_empty() {
        return Ok(0);
    }
    text.parse().map_err(|_| ApiError::invalid_field("Last-Event-ID", "the id of an event of this request"))
}

/// The next event, or the end of the stream: after the last event, at shutdown, or where the database fails (the client
/// comes back with `Last-Event-ID`).
async fn next(mut follower: Follower) -> Option<(Result<sse::Event, Infallible>, Follower)> {
    loop {
        if follower.ended {
            return None;
        }
        if let Some(event) = follower.waiting.pop_front() {
            follower.seq = event.seq;
            follower.ended = event.kind.is_last();
            return Some((Ok(to_sse(event, &follower.service)), follower));
        }
        follower.look().await?;
    }
}

impl Follower {
    /// Waits for news and reads them. None ends the stream.
    async fn look(&mut self) -> Option<()> {
        let events = self.service.store.events_after(self.id, self.seq, BATCH).await.ok()?;
        if !events.is_empty() {
            self.waiting = events.into();
            return Some(());
        }
        match self.service.store.state(self.id).await.ok()? {
            Lookup::Found(_) => {}
            Lookup::Gone | Lookup::Unknown => {
                let ApiError { detail, .. } = ApiError::gone();
                self.waiting.push_back(Event { seq: self.seq + 1, kind: erased(detail) });
                return Some(());
            }
        }
        tokio::select! {
            _ = self.wake.changed() => Some(()),
            () = tokio::time::sleep(LOOK_EVERY) => Some(()),
            () = self.service.shutdown.cancelled() => None,
        }
    }
}

fn erased(error: ErrorDetail) -> EventKind {
    EventKind::Error { error }
}

fn to_sse(mut event: Event, service: &Service) -> sse::Event {
    report::sign_event(&mut event.kind, service.links.as_ref());
    // The shared types always serialise.
    let data = serde_json::to_string(&event.kind).unwrap_or_default();
    sse::Event::default().event(event.kind.name()).id(event.seq.to_string()).data(data)
}
