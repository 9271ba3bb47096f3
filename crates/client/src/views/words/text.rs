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
    pub(crate) const SET_IN: &str = " Set in ";
    pub(crate) const FACE: &str = "EB Garamond";
    pub(crate) const FACE_BY: &str = " by Georg Duffner.";
    pub(crate) const KEYS_SHORT: &str = "Keys: / another number, ← → neighbours, ? all of them.";
    pub(crate) const KEYS_TITLE: &str = "Keys";
    /// Each key, and what it does.
    pub(crate) const KEYS: [(&str, &str); 5] = [
        ("/", "Type another number"),
        ("←", "The number before; in the digits: scroll"),
        ("→", "The number after; in the digits: scroll"),
        ("Esc", "Close the card of the number that is typed, or this list"),
        ("?", "Show this list"),
    ];
    pub(crate) const CLOSE: &str = "Close";
}

pub(crate) mod form {
    pub(crate) const LABEL: &str = "Index n of the number F(n)";
    pub(crate) const PLACEHOLDER: &str = "another n";
    pub(crate) const PLACEHOLDER_HOME: &str = "n";
    pub(crate) const COMPUTE: &str = "Compute";
    pub(crate) const HELP: &str = "A whole number, written as ";
    pub(crate) const OR: &str = " or ";
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
    pub(crate) const TITLE: &str = "Calculations";
    pub(crate) const CHECK_INDEX: &str = "Please check the index";
    pub(crate) const EMPTY: &str = "Nothing yet. The first calculation will appear here.";
    pub(crate) const UNAVAILABLE: &str = "The history is unavailable right now.";
    pub(crate) const PAGES: &str = "Pages of the history";
    pub(crate) const NEWEST: &str = "← Newest";
    pub(crate) const OLDER: &str = "Older →";
    pub(crate) const FIRST: &str = "← First";
    pub(crate) const MORE: &str = "More →";
    pub(crate) const LISTS: &str = "Lists of calculations";
    pub(crate) const ALL: &str = "All";
    pub(crate) const MINE: &str = "Mine";
    pub(crate) const UNFINISHED: &str = "Running";
    pub(crate) const LARGEST: &str = "Largest";
    pub(crate) const OTHERS: &str = "Other sequences";
    pub(crate) const FIND: &str = "Find";
    pub(crate) const FIND_EXAMPLE: &str = "n or L(n)";
    pub(crate) const FROM_BEFORE: &str = "By index, from ";
    pub(crate) const FROM_AFTER: &str = " on.";
    pub(crate) const SHOW: &str = "Show";
    pub(crate) const IN_ALL: &str = " in all";
    pub(crate) const NONE: &str = "There is none.";
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

pub(crate) mod offer {
    pub(crate) const ALL_DIGITS: &str = "Compute all digits";
    pub(crate) const PERIOD: &str = "Compute the period";
    pub(crate) const ENTRY_POINT: &str = "Compute the entry point";
}

pub(crate) mod number {
    pub(crate) const NEIGHBOURS: &str = "Neighbours";
    /// What the neighbours are to n, in their order.
    pub(crate) const RELATIONS: [&str; 5] = ["F(n−1)", "F(n+1)", "F(n/2)", "F(2n)", "F(−n)"];
    pub(crate) const LUCAS_N: &str = "L(n)";
    pub(crate) const DIGITS: &str = "Digits";
    pub(crate) const LINES: &str = "Lines of 50 digits";
    pub(crate) const GO_TO: &str = "Go to digit";
    pub(crate) const GO: &str = "Go";
    pub(crate) const DIGIT_PAGES: &str = "Pages of digits";
    pub(crate) const FIRST: &str = "First";
    pub(crate) const PREVIOUS: &str = "← Previous";
    pub(crate) const NEXT: &str = "Next →";
    pub(crate) const LAST: &str = "Last";
    pub(crate) const COPY: &str = "Copy";
    pub(crate) const DOWNLOAD: &str = "Download .txt";
    pub(crate) const DOWNLOAD_GZIP: &str = "as .gz";
    pub(crate) const DIGIT_COUNTS: &str = "Digit counts";
    pub(crate) const OPEN: &str = "Open as text";
    pub(crate) const JSON: &str = "JSON";
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
    pub(crate) const DOUBLING_RULES: &str = "F(2k) = F(k)·(2F(k+1) − F(k)) and F(2k+1) = F(k)² + F(k+1)²";
    pub(crate) const DIVIDES: &str = "What divides it";
    pub(crate) const DIVIDES_RULE: &str = "If d divides n, then F(d) divides F(n).";
    pub(crate) const DIVISORS: &str = "All divisors of n";
    pub(crate) const MANY_DIVISORS: &str = "They are too many for this page.";
    pub(crate) const LONG_INDEX: &str = "The divisors of n are not listed here: n is too long.";
    pub(crate) const DIVIDES_WHY: &str = "So these do:";
    pub(crate) const AND_MORE: &str = "and more";
    pub(crate) const PRIMES: &str = "Its primes below 1000: ";
    pub(crate) const PRIME: &str = "Nothing else: it is a prime number.";
    pub(crate) const PROBABLE_PRIME: &str = "Probably nothing else: it passes tests of primality, without a proof.";
    pub(crate) const NO_PRIMES: &str = "No prime below 1000 divides it.";
    pub(crate) const FACTORED: &str = "Factored: ";
    pub(crate) const REST: &str = " · a rest not split here";
    pub(crate) const KNOWN_FACTORS: &str = "All known factors";
    pub(crate) const ZECKENDORF: &str = "In Fibonacci’s own numerals";
    pub(crate) const ZECKENDORF_LONG: &str = "Those that add up to n";
    pub(crate) const ZECKENDORF_WHY: &str =
        "Every whole number is a sum of Fibonacci numbers of which no two are neighbours, in one way only.";
    pub(crate) const COUNTS: &str = "Its digits";
    pub(crate) const UNCOUNTED: &str = "The check in this browser counts how often each of them occurs.";
    pub(crate) const COUNTED_BY_API: &str = "Counted by the API";
    pub(crate) const NOT_COMPUTED: &str = "How often each of them occurs can be counted when all of them are computed.";
    pub(crate) const GOLDEN: &str = "Towards φ";
    pub(crate) const MILLION_PLACES: &str = "φ to a million places";
    pub(crate) const GOLDEN_PICTURE: &str =
        "The ratio of neighbours swings around φ = 1.6180339…, and each step is about 2.6 times closer.";
    pub(crate) const REMAINDERS: &str = "Remainders";
    pub(crate) const MODULUS: &str = "F(n) modulo";
    pub(crate) const MODULUS_ALLOWED: &str = "The modulus is a whole number from 1 to 10³⁰.";
    pub(crate) const SHOW: &str = "Show";
    pub(crate) const BELIEVE: &str = "Do you believe it?";
    pub(crate) const BELIEVE_WHY: &str =
        "Three residues of F(n), found without computing F(n). If a single digit above were wrong, they would differ.";
    pub(crate) const CHECK: &str = "Check in this browser";
    pub(crate) const DARE: &str = "Change a digit, and check";
    pub(crate) const SEE: &str = "Pictures";
    pub(crate) const SPIRAL_PICTURE: &str = "Squares with the sides F(n), F(n−1) and so on make a spiral.";
    pub(crate) const MOD: &str = "mod";
    pub(crate) const BENFORD_LIMIT: &str = ", n up to 10,000";
    pub(crate) const BENFORD: &str = "First digits of F(1) to F(n)";
    pub(crate) const BENFORD_WHY: &str =
        "Bars: the share that begins with each digit. Line: Benford’s law, log(1 + 1/d).";
    pub(crate) const TIMES: &str =
        "Time to compute F(n) against n, beside FLINT, GMP, Python and the recursion of the original.";
    pub(crate) const TIMES_HERE: &str = "Dots: as measured here.";
    pub(crate) const NO_TIMES_HERE: &str = "Nothing that takes a millisecond was computed here yet.";
    pub(crate) const TAKES: &str = "It takes ";
    pub(crate) const CITE: &str = "Cite";
    pub(crate) const EMBED: &str = "Embed";
}

pub(crate) mod journey {
    pub(crate) const TITLE: &str = "Its path through the system";
    pub(crate) const DRAWING: &str = "The parts of the system with the times measured for";
    pub(crate) const ACCEPTED: &str = "accepted";
    pub(crate) const PROMISE: &str = ": committed to the store, and a promise from then on";
    pub(crate) const WAITED: &str = "in the queue, until a worker had claimed it and begun";
    pub(crate) const WAITED_ATTEMPTS: &str = "in the queue and in earlier attempts, until the last one began";
    pub(crate) const COMPUTED: &str = "computed by the worker, and checked";
    pub(crate) const STORED: &str = "until its digits were hashed and stored";
    pub(crate) const ANNOUNCED: &str =
        "until the row was committed and the event had reached the API, which sends it to open pages";
    pub(crate) const TOTAL: &str = "in all";
    pub(crate) const IN_QUEUE: &str = "in the queue now";
    pub(crate) const IN_WORKER: &str = "computed by a worker now";
    pub(crate) const MORE_BEFORE: &str = "What each part does, and what happens when it dies: ";
    pub(crate) const MORE_LINK: &str = "how it works";
    pub(crate) const YOURS: &str = "The number that you submitted last,";
    pub(crate) const NONE: &str = "Submit a number, and see it go through this drawing with its times.";
}

pub(crate) mod race {
    pub(crate) const TITLE: &str = "The race to F(1,000,000,000)";
    pub(crate) const HERE: &str = "Abaci, here";
    pub(crate) const ORIGINAL: &str = "the original";
    pub(crate) const START: &str = "Start the race";
    pub(crate) const NOT_STARTED: &str =
        "All 208,987,640 digits, not computed here yet. Each bar will fill at the speed of its program.";
    pub(crate) const QUEUED: &str = "Waiting for its turn.";
    pub(crate) const RUNNING: &str = "Live: each bar fills at the speed of its program.";
    pub(crate) const DONE: &str = "Computed here in ";
    pub(crate) const REPLAY: &str = "The bars replay it at the speed of each program, from when you opened this page.";
    pub(crate) const SOURCE: &str = "FLINT 3.6 and GMP 6.3 were measured with all digits in decimal, on two cores of an Intel Xeon on 23 November 2026. \
                                     * Not awaited: Python 3.11 took 0.72 s for n = 10⁶, and its conversion to decimal takes a hundred times as \
                                     long for ten times the n. The original took 1.2 s for its index 40, and takes φ times as long for each further one.";
}

pub(crate) mod subject {
    pub(crate) const LUCAS: &str = "A Lucas number: L(0) = 2, L(1) = 1, and each is the sum of the two before.";
    pub(crate) const U: &str = "x(0) = 0, x(1) = 1";
    pub(crate) const FIBONACCI: &str = ", and each is the sum of the two before.";
    pub(crate) const KBONACCI_BEFORE: &str = "Each is the sum of the ";
    pub(crate) const KBONACCI_AFTER: &str = " before, after zeros and a 1.";
    pub(crate) const PISANO_BEFORE: &str = "The Pisano period of ";
    pub(crate) const PISANO_AFTER: &str = ": after how many indexes the Fibonacci numbers modulo it repeat.";
    pub(crate) const ENTRY_BEFORE: &str = "The entry point of ";
    pub(crate) const ENTRY_AFTER: &str = ": the first index above 0 whose Fibonacci number it divides.";
    pub(crate) const PHI_BEFORE: &str = "The golden ratio φ = (1 + √5)/2 = 1.618… with ";
    pub(crate) const PHI_AFTER: &str = " decimal places, without the point; cut off, not rounded.";
    pub(crate) const WITHOUT_SIGN: &str = ", without the sign";
    pub(crate) const RESIDUES: &str =
        "Its residues, found without computing it. If a single digit above were wrong, they would differ.";
    pub(crate) const PERIOD_RESIDUES: &str = "After a period or an entry point F is 0 again; after a period 1 follows.";
    pub(crate) const PYTHON: &str = "Compute the first in Python";
    pub(crate) const PHI_PROOF: &str = "As φ² = φ + 1, the number v above has v² − v·t < t² for t = 10ᵈ, and v + 1 has not. \
                                        This holds for no other number, and shows every digit.";
    pub(crate) const PHI_PYTHON: &str = "Check that in Python, beside the file with the digits";
}

pub(crate) mod verify {
    pub(crate) const TITLE: &str = "Verify a copy";
    pub(crate) const DARE: &str = "Here is F(n). Change a digit of it, or paste another copy: can it be noticed?";
    pub(crate) const LEDE: &str = "Paste the digits of F(n) from elsewhere, and see whether all of them are right.";
    pub(crate) const VERIFY: &str = "Verify";
    pub(crate) const FILE: &str = "Verify a file …";
}

pub(crate) mod find {
    pub(crate) const LABEL: &str = "Find digits";
    pub(crate) const FIND: &str = "Find";
    pub(crate) const NEXT: &str = "Find the next";
    pub(crate) const GO_ON: &str = "Go on";
    pub(crate) const STOP: &str = "Stop";
    pub(crate) const PROGRESS: &str = "Progress of the search";
    pub(crate) const ABSENT: &str = "Not found.";
    pub(crate) const NOT_DIGITS: &str = "Only digits can be found here, up to 1,000 of them.";
    pub(crate) const UNAVAILABLE: &str = "The search is unavailable right now. Please try again.";
}

pub(crate) mod system {
    pub(crate) const TITLE: &str = "How it works";
    pub(crate) const LEDE: &str = "Abaci computes Fibonacci numbers with far more machinery than they need: every number \
                                   takes the path that serious work takes.";
    pub(crate) const NOW: &str = "Right now";
    pub(crate) const PATH: &str = "The path of one number";
    pub(crate) const UNAVAILABLE: &str = "The state of the system is unavailable right now.";
    /// The names in the drawing, in the order of the path.
    pub(crate) const DRAWN: [&str; 6] = ["browser", "client", "API", "store", "queue", "worker"];
    pub(crate) const DIGITS: &str = "Digits computed here so far";
    pub(crate) const WORKER: &str = " worker";
    pub(crate) const WORKERS: &str = " workers";
    pub(crate) const VERSION_OF: &str = "version ";
    pub(crate) const JOBS: &str = " finished since it started";
    pub(crate) const COMPUTES: &str = "computes ";
    pub(crate) const WAITING: &str = "Waiting";
    pub(crate) const LANES: &str = "By lane";
    pub(crate) const COMPUTING: &str = "Computing";
    pub(crate) const ACCEPTED: &str = "Accepted per second";
    pub(crate) const FINISHED: &str = "Finished per second";
    pub(crate) const LATENCY: &str = "Median from request to value";
    pub(crate) const LATENCY_99: &str = "99 of 100 within";
    pub(crate) const VERSION: &str = "Version";
    pub(crate) const IF_IT_DIES: &str = "If it dies: ";
    /// The parts in the order of the path: the name, what it does, and what happens when it dies.
    pub(crate) const PARTS: [(&str, &str, &str); 6] = [
        (
            "Client",
            "draws the pages, reads 10^6 as a million, and calls the API.",
            "another draws them; it stores nothing.",
        ),
        (
            "API",
            "accepts a number, and sends events to open pages. It never computes a large number.",
            "what it accepted is in the store, and browsers connect to another.",
        ),
        (
            "Store",
            "commits the calculation. From here on it is a promise.",
            "nothing is accepted until it is back, and nothing that was accepted is lost.",
        ),
        (
            "Queue",
            "holds the job in a lane by its size, so that a large one never delays a small one.",
            "workers scan the store and enqueue again what is missing, even if it came back empty.",
        ),
        (
            "Worker",
            "claims the job under a lease, computes F(n) by doubling, and checks the result.",
            "its lease runs out after two seconds, and another takes over.",
        ),
        (
            "Cache",
            "keeps recent values near, and carries the event that a value is done.",
            "values come from the store, and pages load again what they missed.",
        ),
    ];
    pub(crate) const EXPECT: &str = "What to expect";
    pub(crate) const LIMITS: [&str; 4] = [
        "Every digit is exact. Values are text everywhere: F(79) is already more than a double-precision number can hold.",
        "Negative indexes follow F(−n) = (−1)ⁿ⁺¹·F(n).",
        "Values may be evicted to make room. Their SHA-256 stays, and they can be computed again.",
        "No account, and two cookies: one lists the numbers that you submitted, for a month; the other is set for a day when you submit something large, so that you can cancel it.",
    ];
    pub(crate) const API_BEFORE: &str = "Everything on these pages is available from the ";
    pub(crate) const API_LINK: &str = "HTTP API";
}

pub(crate) mod failure {
    pub(crate) const HOME: &str = "Compute a number";
    pub(crate) const NO_METHOD: &str = "This address does not support ";
    pub(crate) const OTHER_METHODS: &str = " exists, but only for other methods.";
    pub(crate) const METHOD_TITLE: &str = "Method not allowed";
    pub(crate) const GIVEN: &str = "Given";
    pub(crate) const ALLOWED: &str = "Allowed";
    pub(crate) const REQUEST: &str = "Request";
    pub(crate) const HELP: &str = "What this means, and what to do";
    pub(crate) const NEAREST: &str = "404 is not a Fibonacci number either. The nearest is";
    pub(crate) const NO_PAGE: &str = "There is no page at this address.";
    pub(crate) const NO_HISTORY_PAGE: &str = "There is no such page of the history.";
    pub(crate) const UNREADABLE: &str = "The address cannot be read.";
    pub(crate) const NOT_YOURS: &str = "Only the browser that submitted this number can cancel it, within a day.";
    pub(crate) const NO_ANSWER: &str = "Abaci’s API does not respond. Please try again in a few seconds.";
    pub(crate) const STRANGE_ANSWER: &str = "Abaci’s API gave a response that this page does not understand.";
}

pub(crate) mod left {
    pub(crate) const SOON: &str = "under 1 s left";
    pub(crate) const SECONDS: &str = "about {n} s left";
    pub(crate) const MINUTES: &str = "about {n} min left";
}

/// The words that the scripts use, as lines of one element.
pub(crate) const SCRIPT_WORDS: [(&str, &str); 31] = [
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
    ("verify-busy", "Verifying …"),
    ("verify-right", "Yes, this is {name}: all {digits} digits, and all three residues agree."),
    ("verify-wrong", "No, this is not {name}."),
    ("verify-malformed", "Character {place} is not a digit."),
    ("verify-digits", "It has {found} digits instead of {expected}."),
    ("verify-residues", "It differs in {bad} of {count} residues."),
    ("verify-place", "The first difference is at digit {place}."),
    ("find-busy", "Searching …"),
    ("find-found", "Found at digit {place}."),
    ("find-absent", "Not found."),
    ("find-absent-after", "Not found from digit {from} on."),
    ("find-stopped", "Stopped at digit {to}."),
    ("left-soon", left::SOON),
    ("left-s", left::SECONDS),
    ("left-min", left::MINUTES),
    ("offline", "No answer. Are you offline?"),
];
