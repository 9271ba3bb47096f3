//! Output formats of values.

use std::io::{self, Write};

use clap::ValueEnum;
use fibonacci::Decimal;

use crate::cli::maths::Answer;

/// The form of the output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Each value on a line.
    #[default]
    Lines,
    /// A header, then the index and the value.
    Csv,
    /// An object on each line.
    Json,
    /// The index, a space and the value, as in the b-files of the OEIS.
    BFile,
}

impl Format {
    /// Writes F(n).
    pub(super) fn write_value(
        self,
        to: &mut dyn Write,
        n: i64,
        digits: u64,
        value: &Decimal,
        is_first: bool,
    ) -> io::Result<()> {
        let end = match self {
            Self::Lines => "\n",
            Self::Csv => {
                if is_first {
                    to.write_all(b"index,value\n")?;
                }
                write!(to, "{n},")?;
                "\n"
            }
            Self::Json => {
                // Digits need no escape, so the value is written as it is computed.
                write!(to, r#"{{"index":"{n}","digits":"{digits}","value":""#)?;
                "\"}\n"
            }
            Self::BFile => {
                write!(to, "{n} ")?;
                "\n"
            }
        };
        value.write_to(&mut *to)?;
        to.write_all(end.as_bytes())
    }

    /// Writes parts of a value.
    pub(super) fn write_parts(self, to: &mut dyn Write, parts: Answer, is_first: bool) -> io::Result<()> {
        if self == Self::Csv && is_first {
            writeln!(to, "{}", parts.names().join(","))?;
        }
        let text = match self {
            Self::Csv => parts.values().join(","),
            _ => parts.render(self == Self::Json),
        };
        writeln!(to, "{text}")
    }
}
