//! What the pages say about each kind of problem.

use wire::ProblemKind;

/// In the texts, backquotes enclose code.
pub(crate) struct Explanation {
    pub(crate) status: &'static str,
    pub(crate) means: &'static str,
    pub(crate) happens: &'static str,
    pub(crate) remedy: &'static str,
}

/// Returns what a kind means, when it happens, and what to do.
pub(crate) fn explanation(kind: ProblemKind) -> Explanation {
    let (status, means, happens, remedy) = match kind {
        ProblemKind::IndexMissing => (
            "422",
            "The request does not say what to compute. Nothing was stored.",
            "The JSON object has neither `index` nor `subject`, the form has no field `index`, or the field is empty.",
            "Send the n of F(n) in the field `index`, or another subject such as `L(1000)` in the field `subject`.",
        ),
        ProblemKind::IndexNotInteger => (
            "422",
            "The index is not a whole number in plain digits. Nothing was stored.",
            "It has a decimal mark, an exponent, spaces, leading zeros or letters. The pages of this site read `10^6` and \
             `1,000,000`; the API does not, so that every number has one spelling.",
            "Write the index in digits, with a minus sign before it if it is negative. If the text can be understood, \
             `detail` has the index that was probably meant.",
        ),
        ProblemKind::IndexOutOfRange => (
            "422",
            "The index is beyond what this system computes. Nothing was stored.",
            "Its magnitude is above the limit in `allowed`, which the operator sets (`ABACI_MAX_INDEX`).",
            "Ask `/api/numbers/{n}` for the number of digits, the first and last ones and remainders of F(n): it answers for \
             indexes of up to 1,001 digits. Or compute it on your own machine with `abaci fib`.",
        ),
        ProblemKind::BatchTooLarge => (
            "422",
            "A batch has too many indexes, or stands for too much work. Nothing of it was stored.",
            "It has more indexes than `ABACI_BATCH_INDEXES`, or its work is more than one address may have queued.",
            "Split it, and submit the parts one after the other. `allowed` has the limit.",
        ),
        ProblemKind::BodyTooLarge => (
            "413",
            "The body of the request is larger than this operation takes. Nothing was stored.",
            "The body of a submission has more than 16 KiB, or that of a batch more than 32 bytes for each index allowed.",
            "Send less. Values to be verified have no such limit: `POST /api/verify` reads them as a stream.",
        ),
        ProblemKind::BodyMalformed => (
            "400 or 408",
            "The body cannot be read in one way only. Nothing was stored.",
            "It is not valid JSON or not a valid form, the same name stands in it twice, it ends before its stated length, or \
             it did not arrive in time (408).",
            "`detail` says what is wrong. Send a JSON object or a form in which each name stands once.",
        ),
        ProblemKind::MediaType => (
            "415",
            "The body is of a type that this operation does not read. Nothing was stored.",
            "`Content-Type` is missing, or is not one of those in `allowed`.",
            "Send JSON with `Content-Type: application/json`, or a form as `application/x-www-form-urlencoded`.",
        ),
        ProblemKind::Parameter => (
            "422 or 416",
            "A parameter of the path, the query or a header has a value that is not allowed, or the question takes too long to \
             be answered at once.",
            "`field` names the parameter, `given` and `allowed` say what is wrong with it. A question may take 20 ms of \
             processor time. A range that begins after the end of a value has the status 416.",
            "Keep to `allowed`. If the problem has a member `subject`, submit that as a calculation: it may take as long as \
             it needs.",
        ),
        ProblemKind::NotFound => (
            "404",
            "There is nothing at this address.",
            "The calculation was never submitted, or the API has no such path.",
            "Submit the index first: `POST /api/calculations`. Facts about any number need no submission: \
             `/api/numbers/{n}`.",
        ),
        ProblemKind::MethodNotAllowed => (
            "405",
            "The address exists, but not for this method.",
            "For instance `PUT` of a calculation: calculations are submitted with `POST`, and never change.",
            "Use one of the methods in the header `Allow`.",
        ),
        ProblemKind::ValueNotReady => (
            "409",
            "The calculation exists, but has no value now.",
            "It is queued, running, failed or cancelled, or its value was evicted to make room. `calculation_status` says \
             which.",
            "While it is queued or running, wait: follow `/api/events?index=`, or ask again later. Otherwise submit the \
             index again. A value that was evicted is computed again, and must have the same SHA-256.",
        ),
        ProblemKind::TooManyRequests => (
            "429",
            "Your address has asked for as much as one address may. Nothing was stored.",
            "It submitted more work in a minute than `ABACI_RATE`, has more work queued than \
             `ABACI_QUEUED_SECONDS_PER_ADDRESS`, or has too many streams, batches or reads of long values in progress.",
            "Wait as many seconds as the header `Retry-After` says. What was accepted before is still computed.",
        ),
        ProblemKind::QueueFull => (
            "503",
            "The system has as much work as it takes. Nothing was stored.",
            "The limit of queued calculations is reached (`ABACI_MAX_QUEUED`), or new work would have to wait longer than \
             `ABACI_QUEUED_SECONDS`.",
            "Submit again after as many seconds as the header `Retry-After` says.",
        ),
        ProblemKind::TooLargeToFit => (
            "422 or 503",
            "There is no room for the value. Nothing was stored.",
            "Computing it needs more memory than a worker of this system has, or the value is larger than the space for values \
             (422). Or the disk is full (503).",
            "Choose a smaller index; `detail` has the bytes that are needed and allowed. After a 503, submit again later: the \
             operator has to make room.",
        ),
        ProblemKind::Unavailable => (
            "503",
            "A part of the system does not answer.",
            "The database restarts or cannot be reached, or the whole system reads as many long values as it may.",
            "Send the request again after as many seconds as the header `Retry-After` says. Submitting the same index twice is \
             safe: there is one calculation for each.",
        ),
        ProblemKind::CrossSite => (
            "403",
            "The request was sent by a page of another site. Nothing was stored.",
            "A browser said so in the header `Sec-Fetch-Site` or `Origin`, and the request would have changed something.",
            "Let the server of your site send it. Programs that are not browsers do not send these headers.",
        ),
        ProblemKind::Forbidden => (
            "403",
            "The request has no right to withdraw this calculation.",
            "The header `Abaci-Ask` is missing, or is not the token that was sent with the answer to a submission of this \
             index.",
            "Send the token from the header `Abaci-Ask` of the answer to your submission. Only who submitted a calculation can \
             withdraw it.",
        ),
        ProblemKind::Conflict => (
            "409",
            "The calculation is in a state in which this is not possible.",
            "It was withdrawn after it had finished, or it is so short that it cannot be withdrawn. `calculation_status` says \
             its state.",
            "Nothing: the value of a finished calculation is there for everybody.",
        ),
        ProblemKind::NotAcceptable => (
            "406",
            "The client excludes every encoding that can be sent. Nothing was done.",
            "`Accept-Encoding` has `identity;q=0`, and does not allow gzip.",
            "Leave the header out, or allow `identity` or `gzip`.",
        ),
        ProblemKind::PreconditionFailed => (
            "412",
            "What is there is not what the request expected. Nothing was done.",
            "`If-Match` has no ETag of what is there, or `If-None-Match` has it.",
            "Read it again without the header, and use the ETag of that answer.",
        ),
        ProblemKind::Internal => (
            "500",
            "The system did something that it should never do.",
            "There is a bug, or a stored value does not agree with its SHA-256.",
            "Send the request again. If it happens again, tell the operator the `request_id`: the log has the cause under it.",
        ),
    };
    Explanation { status, means, happens, remedy }
}
