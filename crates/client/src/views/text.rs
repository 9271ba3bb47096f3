//! Every word of the pages, in one place, so that a translation can be added.
//!
//! Values are set in by the views. `n` in running text is set in italics by [`rich`](super::format::rich).

pub(crate) mod frame {
    pub(crate) const NAME: &str = "Abaci";
    pub(crate) const DESCRIPTION: &str =
        "Fibonacci numbers of any size, exact to the last digit, with everything about them.";
    pub(crate) const SKIP: &str = "Skip to the content";
    pub(crate) const PAGES: &str = "Pages";
    pub(crate) const ABOUT: &str = "How it works";
    pub(crate) const API: &str = "API";
    pub(crate) const FOOTER_BEFORE: &str = "Named after ";
    pub(crate) const FOOTER_TITLE: &str = "Liber Abaci";
    pub(crate) const FOOTER_AFTER: &str =
        " (1202), the book in which Leonardo of Pisa, called Fibonacci, counted rabbits.";
    pub(crate) const KEYS: &str = "Keys: / another number, ← → neighbours.";
}

pub(crate) mod form {
    pub(crate) const LABEL: &str = "Index n of the number F(n)";
    pub(crate) const PLACEHOLDER: &str = "another n";
    pub(crate) const PLACEHOLDER_HOME: &str = "n";
    pub(crate) const COMPUTE: &str = "Compute";
    pub(crate) const HELP: &str = "A whole number, written as ";
    pub(crate) const EXAMPLES: [&str; 5] = ["1000", "1,000,000", "10^6", "2^20+1", "-8"];
    pub(crate) const TRY: &str = "Try";
    pub(crate) const SURPRISE: &str = "Surprise me";
    pub(crate) const ALLOWED: &str = "a whole number, as 1000, 1,000,000, 10^6, 2^20+1 or -8";
    pub(crate) const DID_YOU_MEAN: &str = "This can be read in two ways. Did you mean";
    pub(crate) const AMBIGUOUS: &str = "The index can be read in two ways";
    pub(crate) const MEANT_THOUSANDS: &str = "with a mark between thousands";
    pub(crate) const MEANT_DECIMAL: &str = "with a decimal mark";
}

pub(crate) mod history {
    pub(crate) const TITLE: &str = "Recent calculations";
    pub(crate) const CHECK_INDEX: &str = "Please check the index";
    pub(crate) const EMPTY: &str = "Nothing yet. The first calculation will appear here.";
    pub(crate) const UNAVAILABLE: &str = "The history is unavailable right now.";
    pub(crate) const PAGES: &str = "Pages of the history";
    pub(crate) const NEWEST: &str = "← Newest";
    pub(crate) const OLDER: &str = "Older →";
    pub(crate) const WAITING: &str = "Waiting for its turn";
    pub(crate) const WAITING_FOR_MEMORY: &str = "Waiting for memory";
    pub(crate) const WAITING_FOR_RETRY: &str = "Waiting for a retry";
    pub(crate) const WAITING_FOR_STORAGE: &str = "Waiting for storage";
    pub(crate) const RUNNING: &str = "Computing";
    pub(crate) const FAILED: &str = "Failed";
    pub(crate) const CANCELLED: &str = "Cancelled";
    pub(crate) const DONE: &str = "Done: ";
    pub(crate) const EVICTED: &str = " · evicted";
    pub(crate) const WILL_HAVE: &str = "Will have ";
    pub(crate) const NOT_COMPUTED: &str = "Not computed";
}

pub(crate) mod number {
    pub(crate) const NEIGHBOURS: &str = "Neighbours";
    pub(crate) const DIGITS: &str = "Digits";
    pub(crate) const GO_TO: &str = "Go to digit";
    pub(crate) const GO: &str = "Go";
    pub(crate) const DIGIT_PAGES: &str = "Pages of digits";
    pub(crate) const FIRST: &str = "First";
    pub(crate) const PREVIOUS: &str = "← Previous";
    pub(crate) const NEXT: &str = "Next →";
    pub(crate) const LAST: &str = "Last";
    pub(crate) const COPY: &str = "Copy";
    pub(crate) const DOWNLOAD: &str = "Download .txt";
    pub(crate) const OPEN: &str = "Open as text";
    pub(crate) const JSON: &str = "JSON";
    pub(crate) const COMPUTE: &str = "Compute all digits";
    pub(crate) const COMPUTE_AGAIN: &str = "Compute again";
    pub(crate) const CANCEL: &str = "Cancel";
    pub(crate) const CANCELLED: &str = "Cancelled before it was computed.";
    pub(crate) const EVICTED: &str =
        "Its digits were evicted to make room for other numbers. They can be computed again, and are then compared.";
    pub(crate) const FIRST_DIGITS: &str = "First digits";
    pub(crate) const LAST_DIGITS: &str = "Last digits";
    pub(crate) const HIDDEN: &str = " between them …";
    pub(crate) const UNKNOWN: &str = "There is a page for every whole number, and this is not one.";

    pub(crate) const HOW: &str = "How it is computed";
    pub(crate) const IN_BINARY: &str = " in binary. Read it bit by bit: each step doubles the index, and a 1 adds one.";
    pub(crate) const DOUBLING_RULES: &str = "F(2k) = F(k)·(2F(k+1) − F(k)) and F(2k+1) = F(k)² + F(k+1)²";
    pub(crate) const DIVIDES: &str = "What divides it";
    pub(crate) const DIVIDES_WHY: &str = "If d divides n, then F(d) divides F(n). So these do:";
    pub(crate) const AND_MORE: &str = "and more";
    pub(crate) const PRIMES: &str = "Its primes below 1000: ";
    pub(crate) const NO_PRIMES: &str = "No prime below 1000 divides it.";
    pub(crate) const FACTORED: &str = "Factored: ";
    pub(crate) const REST: &str = " · a rest not split here";
    pub(crate) const ZECKENDORF: &str = "In Fibonacci’s own numerals";
    pub(crate) const ZECKENDORF_WHY: &str =
        "Every whole number is a sum of Fibonacci numbers of which no two are neighbours, in one way only.";
    pub(crate) const COUNTS: &str = "Its digits";
    pub(crate) const GOLDEN: &str = "Towards φ";
    pub(crate) const GOLDEN_PICTURE: &str =
        "The ratio of neighbours swings around φ = 1.6180339…, and each step is about 2.6 times closer.";
    pub(crate) const REMAINDERS: &str = "Remainders";
    pub(crate) const MODULUS: &str = "F(n) modulo";
    pub(crate) const SHOW: &str = "Show";
    pub(crate) const BELIEVE: &str = "Do you believe it?";
    pub(crate) const BELIEVE_WHY: &str =
        "Three residues of F(n), found without computing F(n). If a single digit above were wrong, they would differ.";
    pub(crate) const CHECK: &str = "Check in this browser";
    pub(crate) const DARE: &str = "Change a digit, and check";
    pub(crate) const SEE: &str = "Pictures";
    pub(crate) const SPIRAL: &str = "The spiral of squares";
    pub(crate) const GROWTH: &str = "How long it is";
    pub(crate) const BENFORD: &str = "First digits of F(1) to F(n)";
    pub(crate) const BENFORD_WHY: &str =
        "Bars: the share that begins with each digit. Line: Benford’s law, log(1 + 1/d).";
    pub(crate) const CITE: &str = "Cite";
}

/// The words that the scripts use, as attributes of one element.
pub(crate) const SCRIPT_WORDS: [(&str, &str); 16] = [
    ("live", "Live"),
    ("lost", "Not live, retrying"),
    ("live-again", "Live again."),
    ("connection-lost", "The connection is lost; retrying."),
    ("copied", "Copied"),
    ("copying", "Copying …"),
    ("cannot-copy", "Cannot copy here"),
    ("new-one", "1 new calculation"),
    ("new-many", "{n} new calculations"),
    ("range", "{from}–{to} of {count}"),
    ("check-right", "Right. {count} digits checked in {ms} ms: all three residues agree."),
    ("check-wrong", "Wrong. {count} digits checked in {ms} ms: the digits and F({n}) differ in {bad} of 3 residues."),
    ("check-dare", "Digit {place} changed from {old} to {new}."),
    ("check-failed", "The digits could not be read. Please try again."),
    ("checking", "Checking …"),
    ("offline", "No answer. Are you offline?"),
];
