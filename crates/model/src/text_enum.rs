//! A macro for enums with one text per variant.

/// Declares an enum with `ALL`, `as_str`, [`Display`](std::fmt::Display), [`FromStr`](std::str::FromStr) and serde,
/// all with the same texts. `FromStr` returns the given unit struct as its error.
macro_rules! text_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+
        }
        error $error:ident;
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every variant, in the order of declaration.
            pub const ALL: [Self; [$($text),+].len()] = [$(Self::$variant),+];

            /// Returns the text used in the store, in JSON and in metrics.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $error;

            fn from_str(text: &str) -> Result<Self, $error> {
                Self::ALL.into_iter().find(|variant| variant.as_str() == text).ok_or($error)
            }
        }
    };
}

pub(crate) use text_enum;

#[cfg(test)]
mod tests {
    use crate::{FailureReason, Lane, Status, UnknownStatus, WaitingFor};

    #[test]
    fn every_text_round_trips() {
        for status in Status::ALL {
            assert_eq!((status.as_str().parse(), status.to_string()), (Ok(status), status.as_str().to_owned()));
        }
        assert_eq!("Done".parse::<Status>(), Err(UnknownStatus));
        assert_eq!(Lane::ALL.map(Lane::as_str), ["short", "medium", "long"]);
        assert_eq!(WaitingFor::ALL.map(WaitingFor::as_str), ["memory", "retry", "storage"]);
        assert_eq!(FailureReason::ALL.map(|reason| reason.as_str().parse()), FailureReason::ALL.map(Ok));
    }
}
