//! A small writer of line charts as SVG: text, no script, no picture, no font of its own. Colours follow the reader's
//! preference for light or dark; series differ by dashes and legend too, never by colour alone.

use std::fmt::Write;

const WIDTH: f64 = 760.0;
const HEIGHT: f64 = 440.0;
/// The plot: left, top, right, bottom.
const PLOT: [f64; 4] = [76.0, 84.0, 736.0, 378.0];

const STYLE: &str = "\
.sheet{fill:#fff}.text{fill:#24292f;font:13px system-ui,sans-serif}.title{font-size:16px;font-weight:600}.small{font-size:12px}\
.grid{stroke:#d0d7de;stroke-width:1}.frame{stroke:#57606a;stroke-width:1;fill:none}.veil{fill:#57606a;fill-opacity:.12}\
.line{fill:none;stroke-width:2}.dashed{stroke-dasharray:7 4}.same{stroke:#0550ae;color:#0550ae}.different{stroke:#bc4c00;color:#bc4c00}\
.mark{stroke:#24292f;color:#24292f;stroke-width:1.5}.area{stroke-width:1.5;fill:currentColor;fill-opacity:.25}.dot{fill:currentColor}\
@media(prefers-color-scheme:dark){.sheet{fill:#0d1117}.text{fill:#e6edf3}.grid{stroke:#30363d}.frame{stroke:#8b949e}\
.veil{fill:#8b949e;fill-opacity:.18}.same{stroke:#58a6ff;color:#58a6ff}.different{stroke:#f0883e;color:#f0883e}\
.mark{stroke:#e6edf3;color:#e6edf3}}";

/// What a drawn thing shows; decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Colour {
    Same,
    Different,
    Mark,
}

impl Colour {
    fn class(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::Mark => "mark",
        }
    }
}

/// From one end to the other; values on a logarithmic axis are above 0.
#[derive(Debug, Clone, PartialEq)]
pub struct Axis {
    pub label: String,
    pub from: f64,
    pub to: f64,
    pub logarithmic: bool,
    /// Places with their labels.
    pub ticks: Vec<(f64, String)>,
}

impl Axis {
    /// 0 at `from`, 1 at `to`; what lies outside stays near the edge, what is no number lies at 0.
    fn place(&self, value: f64) -> f64 {
        if !value.is_finite() {
            return 0.0;
        }
        let at = |v: f64| if self.logarithmic { v.max(1e-300).log10() } else { v };
        let place = (at(value) - at(self.from)) / (at(self.to) - at(self.from));
        if place.is_finite() { place.clamp(-0.1, 1.1) } else { 0.0 }
    }
}

/// Which side of its place a label stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Left,
    Right,
}

/// Things drawn into the plot, in values of the axes.
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    Line {
        colour: Colour,
        dashed: bool,
        legend: String,
        points: Vec<[f64; 2]>,
    },
    /// Filled down to the lower edge.
    Area {
        colour: Colour,
        legend: String,
        points: Vec<[f64; 2]>,
    },
    /// A line from edge to edge at this x.
    Vertical {
        x: f64,
        label: String,
        side: Side,
    },
    /// A thin line from edge to edge at this y.
    Horizontal {
        y: f64,
        label: String,
    },
    /// A darker strip between two x.
    Veil {
        x: [f64; 2],
        label: String,
    },
    /// A vertical interval.
    Whisker {
        colour: Colour,
        x: f64,
        y: [f64; 2],
    },
    /// A point; its label stands above it, or so many lines below it.
    Dot {
        colour: Colour,
        at: [f64; 2],
        label: String,
        lines: u8,
    },
}

/// A title, two axes, and what is drawn in them, the first undermost.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    pub title: String,
    pub x: Axis,
    pub y: Axis,
    pub layers: Vec<Layer>,
}

impl Chart {
    /// The whole file.
    pub fn svg(&self) -> String {
        let [left, top, right, bottom] = PLOT;
        let title = escaped(&self.title);
        let mut out = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" role=\"img\">\n\
             <title>{title}</title>\n<style>{STYLE}</style>\n\
             <defs><clipPath id=\"plot\"><rect x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\"/></clipPath></defs>\n\
             <rect class=\"sheet\" width=\"{WIDTH}\" height=\"{HEIGHT}\"/>\n\
             <text class=\"text title\" x=\"{left}\" y=\"30\">{title}</text>\n",
            right - left,
            bottom - top
        );
        self.axes(&mut out);
        out.push_str("<g clip-path=\"url(#plot)\">\n");
        self.layers.iter().for_each(|layer| self.shape(&mut out, layer));
        out.push_str("</g>\n");
        let _ = writeln!(out, "<rect class=\"frame\" x=\"{left}\" y=\"{top}\" width=\"{}\" height=\"{}\"/>", right - left, bottom - top);
        self.layers.iter().for_each(|layer| self.label(&mut out, layer));
        self.legend(&mut out);
        out.push_str("</svg>\n");
        out
    }

    fn axes(&self, out: &mut String) {
        let [left, top, right, bottom] = PLOT;
        for (value, label) in &self.x.ticks {
            let x = self.at(*value, 0.0)[0];
            let _ = writeln!(out, "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>");
            text(out, "text small", [x, bottom + 18.0], "middle", label);
        }
        for (value, label) in &self.y.ticks {
            let y = self.at(0.0, *value)[1];
            let _ = writeln!(out, "<line class=\"grid\" x1=\"{left}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\"/>");
            text(out, "text small", [left - 8.0, y + 4.0], "end", label);
        }
        text(out, "text", [(left + right) / 2.0, bottom + 44.0], "middle", &self.x.label);
        let (x, y) = (20.0, (top + bottom) / 2.0);
        let label = escaped(&self.y.label);
        let _ = writeln!(out, "<text class=\"text\" text-anchor=\"middle\" transform=\"translate({x} {y}) rotate(-90)\">{label}</text>");
    }

    /// Pixels of a place in values.
    fn at(&self, x: f64, y: f64) -> [f64; 2] {
        let [left, top, right, bottom] = PLOT;
        [left + self.x.place(x) * (right - left), bottom - self.y.place(y) * (bottom - top)]
    }

    fn path(&self, points: &[[f64; 2]]) -> String {
        let mut path = String::new();
        for (n, [x, y]) in points.iter().enumerate() {
            let [x, y] = self.at(*x, *y);
            let _ = write!(path, "{}{x:.1} {y:.1}", if n == 0 { "M" } else { "L" });
        }
        path
    }

    fn shape(&self, out: &mut String, layer: &Layer) {
        let [left, top, right, bottom] = PLOT;
        let _ = match layer {
            Layer::Line { colour, dashed, points, .. } => {
                let dashed = if *dashed { " dashed" } else { "" };
                writeln!(out, "<path class=\"line {}{dashed}\" d=\"{}\"/>", colour.class(), self.path(points))
            }
            Layer::Area { colour, points, .. } => {
                let [Some(first), Some(last)] = [points.first(), points.last()] else { return };
                let (from, to) = (self.at(first[0], 0.0)[0], self.at(last[0], 0.0)[0]);
                let path = self.path(points).replacen('M', "L", 1);
                writeln!(out, "<path class=\"area {}\" d=\"M{from:.1} {bottom}{path}L{to:.1} {bottom}Z\"/>", colour.class())
            }
            Layer::Vertical { x, .. } => {
                let x = self.at(*x, 0.0)[0];
                writeln!(out, "<line class=\"mark\" x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>")
            }
            Layer::Horizontal { y, .. } => {
                let y = self.at(0.0, *y)[1];
                writeln!(out, "<line class=\"frame\" stroke-dasharray=\"2 3\" x1=\"{left}\" y1=\"{y:.1}\" x2=\"{right}\" y2=\"{y:.1}\"/>")
            }
            Layer::Veil { x, .. } => {
                let [from, to] = x.map(|x| self.at(x, 0.0)[0]);
                let (width, height) = (to - from, bottom - top);
                writeln!(out, "<rect class=\"veil\" x=\"{from:.1}\" y=\"{top}\" width=\"{width:.1}\" height=\"{height}\"/>")
            }
            Layer::Whisker { colour, x, y } => {
                let ([x, low], [_, high]) = (self.at(*x, y[0]), self.at(*x, y[1]));
                let (a, b) = (x - 5.0, x + 5.0);
                let path = format!("M{x:.1} {low:.1}L{x:.1} {high:.1}M{a:.1} {low:.1}L{b:.1} {low:.1}M{a:.1} {high:.1}L{b:.1} {high:.1}");
                writeln!(out, "<path class=\"line {}\" stroke-opacity=\".6\" d=\"{path}\"/>", colour.class())
            }
            Layer::Dot { colour, at, .. } => {
                let [x, y] = self.at(at[0], at[1]);
                writeln!(out, "<circle class=\"dot {}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"5\"/>", colour.class())
            }
        };
    }

    fn label(&self, out: &mut String, layer: &Layer) {
        let [left, top, _, bottom] = PLOT;
        match layer {
            Layer::Vertical { x, label, side } => {
                let x = self.at(*x, 0.0)[0];
                let (x, anchor) = if *side == Side::Left { (x - 6.0, "end") } else { (x + 6.0, "start") };
                text(out, "text small", [x, top + 16.0], anchor, label);
            }
            Layer::Horizontal { y, label } => text(out, "text small", [left + 8.0, self.at(0.0, *y)[1] - 5.0], "start", label),
            Layer::Veil { x, label } => text(out, "text small", [self.at(x[0], 0.0)[0] + 6.0, bottom - 10.0], "start", label),
            Layer::Dot { at, label, lines, .. } => {
                let [x, y] = self.at(at[0], at[1]);
                // Above the curve that goes through the point, where it need not make room for another label.
                let y = if *lines == 0 { y - 6.0 } else { y + 4.0 + 16.0 * f64::from(*lines) };
                text(out, "text small", [x + 9.0, y], "start", label);
            }
            Layer::Line { .. } | Layer::Area { .. } | Layer::Whisker { .. } => {}
        }
    }

    fn legend(&self, out: &mut String) {
        let mut x = PLOT[0];
        for layer in &self.layers {
            let (legend, class) = match layer {
                Layer::Line { colour, dashed, legend, .. } => {
                    (legend, format!("line {}{}", colour.class(), if *dashed { " dashed" } else { "" }))
                }
                Layer::Area { colour, legend, .. } => (legend, format!("line {}", colour.class())),
                _ => continue,
            };
            if legend.is_empty() {
                continue;
            }
            let _ = writeln!(out, "<path class=\"{class}\" d=\"M{x:.1} 57L{:.1} 57\"/>", x + 26.0);
            text(out, "text small", [x + 33.0, 61.0], "start", legend);
            // No font is measured: 6.6 pixels a letter is more than the usual ones take.
            x += 33.0 + 6.6 * legend.chars().count() as f64 + 18.0;
        }
    }
}

fn text(out: &mut String, class: &str, [x, y]: [f64; 2], anchor: &str, words: &str) {
    let _ = writeln!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"{anchor}\">{}</text>", escaped(words));
}

/// For the text of an XML element; control characters, which XML does not know, become the replacement character.
fn escaped(words: &str) -> String {
    let mut text = String::with_capacity(words.len());
    for letter in words.chars() {
        match letter {
            '&' => text.push_str("&amp;"),
            '<' => text.push_str("&lt;"),
            '>' => text.push_str("&gt;"),
            c if c.is_control() => text.push('\u{fffd}'),
            c => text.push(c),
        }
    }
    text
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// Elements opened and closed in order, attributes quoted, no number that is none: as much XML as these charts use.
    pub fn well_formed(svg: &str) -> Result<usize, String> {
        let (mut open, mut elements, mut rest) = (Vec::new(), 0, svg);
        while let Some(start) = rest.find('<') {
            let end = rest[start..].find('>').ok_or("an element does not end")? + start;
            let tag = &rest[start + 1..end];
            rest = &rest[end + 1..];
            if let Some(name) = tag.strip_prefix('/') {
                let opened = open.pop();
                if opened != Some(name) {
                    return Err(format!("{name} ends where {opened:?} is open"));
                }
                continue;
            }
            elements += 1;
            if !tag.matches('"').count().is_multiple_of(2) || tag.contains('<') {
                return Err(format!("<{tag}> is not well formed"));
            }
            if tag.contains("NaN") || tag.contains("inf") {
                return Err(format!("<{tag}> holds what is no number"));
            }
            if !tag.ends_with('/') {
                open.push(tag.split_whitespace().next().unwrap_or_default());
            }
        }
        if open.is_empty() { Ok(elements) } else { Err(format!("{open:?} stay open")) }
    }

    fn axis(label: &str, from: f64, to: f64, logarithmic: bool) -> Axis {
        Axis { label: label.into(), from, to, logarithmic, ticks: vec![(from, "start".into()), (to, "end".into())] }
    }

    #[test]
    fn a_chart_is_well_formed_whatever_its_words_and_numbers() {
        let points = vec![[1e-4, 0.5], [f64::NAN, f64::INFINITY], [1.0, -7.0]];
        let chart = Chart {
            title: "a < b & \u{1b}c > \"d\"".into(),
            x: axis("x & y", 1e-4, 1.0, true),
            y: axis("share", 0.0, 1.0, false),
            layers: vec![
                Layer::Veil { x: [1e-4, 1e-3], label: "<nothing>".into() },
                Layer::Line { colour: Colour::Same, dashed: true, legend: "one & other".into(), points: points.clone() },
                Layer::Area { colour: Colour::Different, legend: String::new(), points },
                Layer::Area { colour: Colour::Different, legend: String::new(), points: Vec::new() },
                Layer::Vertical { x: 0.1, label: "v".into(), side: Side::Left },
                Layer::Horizontal { y: 0.1, label: "h".into() },
                Layer::Whisker { colour: Colour::Mark, x: 0.1, y: [0.0, f64::NAN] },
                Layer::Dot { colour: Colour::Mark, at: [0.0, 0.5], label: "dot".into(), lines: 1 },
            ],
        };
        let svg = chart.svg();
        let elements = well_formed(&svg).unwrap_or_else(|why| panic!("{why}\n{svg}"));
        assert!(elements > 25, "{elements}");
        assert!(svg.contains("a &lt; b &amp; \u{fffd}c") && svg.contains("prefers-color-scheme:dark"), "{svg}");
    }

    #[test]
    fn the_reader_of_charts_sees_what_is_broken() {
        for broken in ["<a><b></a>", "<a", "<a b=\"c></a>", "<a b=\"NaN\"/>", "<a>"] {
            assert!(well_formed(broken).is_err(), "{broken}");
        }
    }

    #[test]
    fn a_decade_is_as_wide_as_the_next() {
        let axis = axis("x", 1e-4, 1.0, true);
        assert!((axis.place(1e-2) - 0.5).abs() < 1e-12);
        assert_eq!((axis.place(0.0), axis.place(f64::NAN)), (-0.1, 0.0));
    }
}
