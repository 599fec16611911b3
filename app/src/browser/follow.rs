//! Follows a request's events. The browser's EventSource reconnects and resumes (`Last-Event-ID`) by itself.

use super::json;
use crate::{api::EventKind, live::Heard};
use std::rc::Rc;
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{Event, EventSource, MessageEvent};

/// Names of the events, as [`EventKind::name`] gives them. `error` is also the browser's own word for a lost connection.
const NAMES: [&str; 5] = ["stage", "candidate", "match", "done", "error"];

/// An open stream; dropping it closes it.
pub struct Following {
    source: EventSource,
    _hear: Closure<dyn Fn(Event)>,
}

impl Drop for Following {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// Opens the stream and tells what is heard. `None` where the browser refuses.
pub fn follow(address: &str, tell: impl Fn(Heard) + 'static) -> Option<Following> {
    let source = EventSource::new(address).ok()?;
    let tell = Rc::new(tell);
    let hear = {
        let source = source.clone();
        Closure::<dyn Fn(Event)>::new(move |event: Event| {
            let data = event.dyn_ref::<MessageEvent>().and_then(|message| message.data().as_string());
            match data {
                Some(data) => {
                    // An event of a newer server that this page does not know is left out, not fatal.
                    if let Ok(kind) = json::parse::<EventKind>(&data) {
                        tell(Heard::Event(kind));
                    }
                }
                None if event.type_() == "open" => tell(Heard::Open),
                None => tell(Heard::Lost { closed: source.ready_state() == EventSource::CLOSED }),
            }
        })
    };
    for name in NAMES.into_iter().chain(["open"]) {
        let _ = source.add_event_listener_with_callback(name, hear.as_ref().unchecked_ref());
    }
    Some(Following { source, _hear: hear })
}
