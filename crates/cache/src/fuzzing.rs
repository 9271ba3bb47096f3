//! Fuzz target: ids of events, which clients send back.

use crate::EventId;

#[test]
fn an_event_id_has_one_spelling() {
    fuzz::run("event ids", include_str!("../corpus/event_ids.txt"), |input| {
        let text = String::from_utf8_lossy(input);
        let id = text.parse::<EventId>();
        if let Ok(id) = &id {
            assert_eq!(id.to_string(), text);
        }
        id.map(|id| id.epoch.len()).map_err(|error| error.to_string())
    });
}
