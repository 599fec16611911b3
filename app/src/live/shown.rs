//! What a reader has chosen to see of the cards.

use super::{Card, Live};
use crate::{api::MatchReport, browser, choice::Choice, words::address};
use leptos::prelude::*;

impl Live {
    /// Every card, in the order that was chosen. Those that are left out are among them: they are hidden, not taken away.
    pub fn in_order(self) -> Vec<Card> {
        let (mut cards, order) = (self.cards.get(), self.choice.with(|choice| choice.order));
        cards.sort_by(|a, b| order.compare(&a.report.read_untracked(), &b.report.read_untracked()));
        cards
    }

    /// How many cards are shown.
    pub fn count_shown(self) -> usize {
        self.cards.with(|cards| cards.iter().filter(|card| self.shows(&card.report)).count())
    }

    pub fn shows(self, report: &ArcRwSignal<MatchReport>) -> bool {
        self.choice.with(|choice| report.with(|report| choice.shows(report)))
    }

    /// The cards that are shown, as they stand on the page.
    pub fn shown_reports(self) -> Vec<MatchReport> {
        let cards = untrack(|| self.in_order());
        self.choice.with_untracked(|choice| {
            cards.into_iter().map(|card| card.report.get_untracked()).filter(|report| choice.shows(report)).collect()
        })
    }

    /// Changes what is shown; cards that move glide.
    pub fn choose(self, change: impl FnOnce(&mut Choice)) {
        let before = browser::places();
        self.choice.update(change);
        if let Some(before) = before {
            request_animation_frame(move || before.glide());
        }
        self.remember();
    }

    /// Keeps the choice in the page's address, so that a reload and whoever gets the address see the same.
    pub fn remember(self) {
        browser::remember(&self.choice.with_untracked(|choice| choice.in_address(&address())));
    }

    /// Whether the server has rendered (or renders now) what is made now. What comes later may be made when it is looked at.
    pub fn is_first_render(self) -> bool {
        !self.taken_over.get_value()
    }
}
