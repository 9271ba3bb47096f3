//! The limit of F(n+1)/F(n): the golden ratio, its digits and its convergents.

mod convergents;
mod golden_ratio;
mod phi;

pub use convergents::{Convergent, agreeing_places, convergent, has_places_of_phi, ratio_digits};
pub use golden_ratio::GoldenRatio;
pub use phi::{MAX_PHI_DIGITS, phi_digits};
