//! The power of `serve` is cut.

use std::path::Path;
use std::process::Command;

use super::image::Image;
use super::{Answers, kill_traced, responds, strace, trace};
use crate::random::Random;
use crate::support::process::{ChildProcess, command};
use crate::support::servers::free_port;
use crate::systems::{PROGRAM, SystemClient};

/// Number of power cuts, each with the least and with a random part of what was not synced.
const CUTS: usize = 8;
/// Number of submissions while writes are logged.
const SUBMISSIONS: i64 = 96;
/// Around the size above which a value is an object.
const OBJECTS: i64 = 310_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_power_cut_loses_nothing_that_was_answered() {
    let folder = tempfile::tempdir().expect("a temporary directory");
    let (data, traces) = (folder.path().join("data"), folder.path().join("traces"));
    for folder in [&data, &traces] {
        std::fs::create_dir(folder).expect("a folder");
    }
    let mut tracer = strace(&traces).into_iter();
    let mut traced = command(tracer.next().expect("strace"), "KILL", None);
    traced.args(tracer).arg(PROGRAM);
    let (serve, client) = start(traced, &data, &folder.path().join("log"));
    responds(&client).await;
    let mut answers = Answers::default();
    let index = |number: i64| if number % 8 == 7 { OBJECTS + number * 1_000 } else { number + 1 };
    answers.collect(&client, (0..SUBMISSIONS).map(index)).await;
    kill_traced(serve);
    let events = trace::read(&traces, &data);
    println!("{} accepted, {} seen done, {} events", answers.accepted.len(), answers.done.len(), events.len());

    let mut random = Random::new(1);
    for (cut, at) in answers.some_times(CUTS, &mut random).into_iter().enumerate() {
        let image = Image::default().replay(&events, at);
        for is_random in [false, true] {
            let folder = tempfile::tempdir().expect("a temporary directory");
            let copy = folder.path().join("data");
            std::fs::create_dir(&copy).expect("a folder");
            image.write(&data, &copy, is_random.then_some(&mut random));
            let (_serve, client) = start(command(PROGRAM, "KILL", None), &copy, &folder.path().join("log"));
            answers.verify(&client, at, &format!("cut {cut}, random part: {is_random}")).await;
        }
    }
}

/// Starts `serve` on a data directory, by a command that ends with its program.
fn start(mut command: Command, data: &Path, log: &Path) -> (ChildProcess, SystemClient) {
    let port = free_port();
    command.arg("serve").env("ABACI_DATA_DIR", data).env("ABACI_LISTEN", format!("127.0.0.1:{port}"));
    command.env("ABACI_INTERNAL_LISTEN", "127.0.0.1:0").env("ABACI_RATE", "off");
    (ChildProcess::start(command, log), SystemClient::new(format!("http://127.0.0.1:{port}")))
}
