//! Figures measured round by round, and how they are shown.

/// The same figure, once per round.
#[derive(Default, Clone)]
pub struct Rounds(Vec<f64>);

impl Rounds {
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    pub fn push(&mut self, figure: f64) {
        self.0.push(figure);
    }

    pub fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        *sorted.get(sorted.len() / 2).expect("at least one round")
    }

    /// Round by round, so that what slowed both down is in neither.
    pub fn over(&self, floor: &Self) -> Self {
        Self(self.0.iter().zip(&floor.0).map(|(figure, floor)| figure / floor).collect())
    }

    /// `1234 (1200–1300)`: the median, the least and the most.
    fn show(&self, decimals: usize) -> String {
        let least = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let most = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        format!("{:.decimals$} ({least:.decimals$}–{most:.decimals$})", self.median())
    }
}

/// A line of the table.
pub struct Line {
    pub what: &'static str,
    pub unit: &'static str,
    pub decimals: usize,
    pub measured: Rounds,
    pub target: &'static str,
    /// What it stands on, and that in the same rounds.
    pub floor: Option<(&'static str, Rounds)>,
}

/// Prints the head of the table.
pub fn head() {
    println!(
        "| {:<60} | {:>28} | {:>10} | {:<52} | {:>18} |",
        "", "measured (spread)", "target", "its floor (spread)", "times the floor"
    );
    println!("|{:-<62}|{:->29}:|{:->11}:|{:-<54}|{:->19}:|", "", "", "", "", "");
}

impl Line {
    pub fn print(&self) {
        let Self { what, unit, decimals, measured, target, floor } = self;
        let shown = format!("{}{unit}", measured.show(*decimals));
        let (floor, ratio) = floor.as_ref().map_or((String::new(), String::new()), |(name, floor)| {
            (format!("{name}: {}{unit}", floor.show(*decimals)), measured.over(floor).show(2))
        });
        println!("| {what:<60} | {shown:>28} | {target:>10} | {floor:<52} | {ratio:>18} |");
    }
}
