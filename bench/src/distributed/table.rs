//! Measurements in rounds, and their table.

/// One measurement per round.
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

    /// Returns the ratio per round, so that noise common to both cancels out.
    pub fn over(&self, baseline: &Self) -> Self {
        Self(self.0.iter().zip(&baseline.0).map(|(figure, baseline)| figure / baseline).collect())
    }

    /// Returns `1234 (1200–1300)`: the median, the minimum and the maximum.
    pub fn show(&self, decimals: usize) -> String {
        let minimum = self.0.iter().copied().fold(f64::INFINITY, f64::min);
        let maximum = self.0.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        format!("{:.decimals$} ({minimum:.decimals$}–{maximum:.decimals$})", self.median())
    }
}

/// A row of the table.
pub struct TableRow {
    pub what: &'static str,
    pub unit: &'static str,
    pub decimals: usize,
    pub measured: Rounds,
    pub target: &'static str,
    /// The baseline, measured in the same rounds.
    pub baseline: Option<(&'static str, Rounds)>,
}

/// Prints the head of the table.
pub fn head() {
    println!(
        "| {:<60} | {:>28} | {:>10} | {:<52} | {:>18} |",
        "", "measured (spread)", "target", "baseline (spread)", "times the baseline"
    );
    println!("|{:-<62}|{:->29}:|{:->11}:|{:-<54}|{:->19}:|", "", "", "", "", "");
}

impl TableRow {
    pub fn print(&self) {
        let Self { what, unit, decimals, measured, target, baseline } = self;
        let shown = format!("{}{unit}", measured.show(*decimals));
        let (baseline, ratio) = baseline.as_ref().map_or((String::new(), String::new()), |(name, baseline)| {
            (format!("{name}: {}{unit}", baseline.show(*decimals)), measured.over(baseline).show(2))
        });
        println!("| {what:<60} | {shown:>28} | {target:>10} | {baseline:<52} | {ratio:>18} |");
    }
}
