//! Objects in a bucket.

use std::net::TcpListener;
use std::sync::Once;

use futures_util::TryStreamExt;
use model::Timestamp;
use object_store::ObjectStoreExt;

use super::super::contract::{self, MEGABYTE, digits, every_check, files, subject, written};
use super::super::{ObjectError, Objects, OpenError, Place, digest, text_path};
use super::endpoint::{Endpoint, access};
use super::*;
use crate::{SqliteStore, StoreLimits, StoredValue, Values};

const LATE: Timestamp = Timestamp::from_unix_ms(i64::MAX);

#[tokio::test]
async fn a_bucket_keeps_the_contract() {
    let endpoint = Endpoint::start();
    macro_rules! each_under_a_prefix {
        ($($check:ident,)*) => {
            $(
                println!("{}", stringify!($check));
                contract::$check(objects(concat!("s3://values/", stringify!($check)), &endpoint.access())).await;
            )*
        };
    }
    every_check!(each_under_a_prefix);
}

#[tokio::test]
async fn a_long_text_goes_in_parts_of_eight_mebibytes() {
    let endpoint = Endpoint::start();
    let objects = objects("s3://values", &endpoint.access());
    let object = written(&objects, &digits(20 * MEGABYTE)).await;
    let found = objects.store.head(&text_path(&object)).await.expect("there");
    // S3 names a text of parts by a hash and their number, and refuses parts below 5 MiB but for the last.
    assert!(found.e_tag.as_deref().is_some_and(|tag| tag.ends_with("-3\"")), "{:?}", found.e_tag);
}

#[tokio::test]
async fn prefixes_keep_apart_what_lies_in_one_bucket() {
    let endpoint = Endpoint::start();
    let (mine, other) = (objects("s3://values/a/b", &endpoint.access()), objects("s3://values/a", &endpoint.access()));
    let object = written(&mine, &digits(70_000)).await;
    mine.open(&object).await.expect("there");
    assert!(matches!(other.open(&object).await, Err(ObjectError::Missing)));
    assert_eq!(other.list().try_collect::<Vec<_>>().await.expect("listed").len(), 0);
    let whole = objects("s3://values", &endpoint.access());
    assert!(files(&whole).await.contains(&Path::from(format!("a/b/{}", text_path(&object)))));
}

#[tokio::test]
async fn orphans_are_swept_and_there_is_no_telling_how_much_room_is_left() {
    let endpoint = Endpoint::start();
    let objects = objects("s3://values", &endpoint.access());
    let folder = tempfile::tempdir().expect("a temporary folder");
    let record = folder.path().join("record.sqlite");
    let store = SqliteStore::open(&record, StoreLimits { max_queued: 1 }).await.expect("opened");
    let values = Values::new(Arc::new(store), objects.clone(), None);
    written(&objects, &digits(70_000)).await;
    assert_eq!(values.sweep_orphans(Timestamp::from_unix_ms(0)).await.expect("swept"), 0, "it may be under way");
    assert_eq!(values.sweep_orphans(LATE).await.expect("swept"), 2);
    assert_eq!(files(&objects).await, []);
    assert_eq!(objects.room(), None);
    assert_eq!(objects.sweep_leftovers(LATE).await.expect("nothing to do"), 0);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_or_out_of_reach_is_unavailable() {
    let endpoint = Endpoint::start();
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    for (place, access) in
        [("s3://no-such-bucket", endpoint.access()), ("s3://values", access(&format!("http://{free}")))]
    {
        let objects = objects(place, &access);
        let text = digits(70_000);
        let refused = objects.write(&subject(), Arc::new(text.clone()), &digest(&text)).await;
        assert!(matches!(refused, Err(ObjectError::Unavailable(_))), "{place}: {refused:?}");
        assert!(matches!(
            objects.list().try_collect::<Vec<_>>().await,
            Err(ObjectError::Unavailable(_) | ObjectError::Missing)
        ));
    }
}

#[tokio::test]
async fn an_endpoint_that_accepts_and_says_nothing_is_unavailable_before_readers_have_gone() {
    let silent = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", silent.local_addr().expect("its address"));
    let objects = objects("s3://values", &access(&url));
    let text = digits(70_000);
    let object = StoredValue { subject: subject(), sha256: digest(&text).sha256, size_bytes: text.len() as u64 };
    let opened = tokio::time::timeout(REQUEST_TIMEOUT, objects.open(&object)).await;
    let refused = opened.expect("refused before the timeout").err();
    assert!(matches!(refused, Some(ObjectError::Unavailable(_))), "{refused:?}");
}

#[test]
fn settings_that_cannot_be_used_are_refused_before_anything_is_asked() {
    with_a_provider();
    let half = BucketAccess::from_variables(|name| (name == "AWS_ACCESS_KEY_ID").then(|| "test".into()));
    let refused = Objects::at(&place("s3://values"), &half);
    assert!(matches!(refused, Err(OpenError::Settings(_))));
}

fn objects(text: &str, access: &BucketAccess) -> Objects {
    with_a_provider();
    Objects::at(&place(text), access).expect("settings that can be used")
}

fn place(text: &str) -> Place {
    text.parse().expect("a place")
}

/// Installs the provider, as `main` does.
fn with_a_provider() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        rustls::crypto::ring::default_provider().install_default().expect("the first");
    });
}
