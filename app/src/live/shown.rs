//! What a reader has chosen to see of the cards.

use super::{Card, Live, arrange};
use crate::{api::MatchReport, browser, choice::Choice, words::address};
use leptos::prelude::*;

impl Live {
    /// Every card, in the order that was chosen. Those that are left out are among them: they are hidden, not taken away.
    pub fn in_order(self) -> Vec<Card> {
        let (mut cards, order) = (self.cards.get(), self.choice.with(|choice| choice.order));
        arrange(&mut cards, &|a, b| order.compare(a, b));
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        api::{Counts, Links, RequestState, StatusReport, Thresholds},
        choice::Order,
        live::{merge, tests::face},
    };

    fn live() -> Live {
        let report = StatusReport {
            request_id: "r".into(),
            status: RequestState::Running,
            created_at: String::new(),
            updated_at: String::new(),
            expires_at: String::new(),
            purpose: String::new(),
            stages: Vec::new(),
            counts: Counts::default(),
            error: None,
            result: None,
            logs: None,
            links: Links::of("r"),
        };
        Live::new(report, Thresholds { match_: 0.4, possible: 0.3 })
    }

    fn shown(live: Live) -> String {
        live.shown_reports().iter().map(|report| report.pool_image.as_str()).collect()
    }

    #[test]
    fn faces_that_arrive_are_put_where_the_choice_has_them_and_those_left_out_stay_hidden() {
        Owner::new().with(|| {
            let live = live();
            let arrive = |name: &str, similarity: f32, discovered: usize| {
                let report = MatchReport { discovered, ..face(name, 0.0, similarity, 1) };
                live.cards.update(|cards| merge(cards, vec![report], false));
            };
            arrive("b", 0.5, 7);
            arrive("a", 0.6, 9);
            live.choose(|choice| choice.least = 30);
            assert_eq!((shown(live).as_str(), live.count_shown()), ("ab", 2));
            live.choose(|choice| choice.order = Order::Found);
            arrive("c", 0.2, 3);
            arrive("d", 0.3, 1);
            assert_eq!((shown(live).as_str(), live.count_shown()), ("dba", 3));
            let all: String = live.in_order().iter().map(|card| card.report.get_untracked().pool_image).collect();
            assert_eq!(all, "dcba", "hidden ones are among the cards");
            live.choose(Choice::clear);
            assert_eq!(shown(live), "dcba");
        });
    }
}
