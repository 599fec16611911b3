//! The server's side of the module `browser`: the same names, doing nothing. No event handler and no effect runs while
//! a page is rendered, so none of this is ever called; it lets the components be written once.

use crate::{
    api::{Accepted, ErrorDetail, ShareReport, StatusReport},
    live::Heard,
    picture::Looked,
};
use leptos::web_sys::{DragEvent, HtmlFormElement, HtmlInputElement};

fn absent() -> ErrorDetail {
    ErrorDetail {
        code: "no_browser".to_owned(),
        message: crate::words::plain(crate::words::key::shell_no_browser),
        details: serde_json::Value::Null,
    }
}

pub fn mark_hydrated() {}

pub fn go(_address: &str) {}

pub fn reload() {}

pub async fn copy(_text: String) -> bool {
    false
}

pub fn download(_name: &str, _media_type: &str, _text: &str) {}

pub fn address() -> String {
    String::new()
}

pub fn origin() -> String {
    String::new()
}

pub fn remember(_address: &str) {}

pub fn on_keys() {}

pub fn open_neighbour(_panel: &str, _step: i32) {}

pub fn letters() -> bool {
    true
}

pub fn set_letters(_on: bool) {}

pub async fn inspect(_input: HtmlInputElement) -> Looked {
    Looked::default()
}

pub fn forget_preview(_preview: &str) {}

pub fn keep(_input: &HtmlInputElement, _places: &[u32]) {}

pub fn take_dropped(_event: &DragEvent, _input: &HtmlInputElement) -> bool {
    false
}

pub fn move_files(_from: &HtmlInputElement, _into: &HtmlInputElement) {}

pub fn dropped_address(_event: &DragEvent) -> Option<String> {
    None
}

pub fn on_paste(_input: impl Fn() -> Option<HtmlInputElement> + 'static, _tell: impl Fn() + 'static) {}

pub async fn send(_form: HtmlFormElement) -> Result<Accepted, ErrorDetail> {
    Err(absent())
}

pub async fn status(_id: String) -> Result<StatusReport, ErrorDetail> {
    Err(absent())
}

pub async fn erase(_id: String) -> Result<(), ErrorDetail> {
    Err(absent())
}

pub async fn share(_id: String, _seconds: u32) -> Result<ShareReport, ErrorDetail> {
    Err(absent())
}

pub async fn unshare(_id: String) -> Result<(), ErrorDetail> {
    Err(absent())
}

pub struct Following;

pub fn follow(_address: &str, _tell: impl Fn(Heard) + 'static) -> Option<Following> {
    None
}

pub struct Places;

pub fn places() -> Option<Places> {
    None
}

impl Places {
    pub fn glide(self) {}
}
